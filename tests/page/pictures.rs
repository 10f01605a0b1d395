//! The pictures of the documentation. `UPDATE_PICTURES=1` takes them again.

use std::fs;

use imageswap_tests_support::repository;

use crate::browser::Browser;
use crate::start::Shown;

const WIDTH: u32 = 1000;
const HEIGHT: u32 = 1150;
/// Maximum length of a picture, in bytes.
const MAX_PICTURE: usize = 200_000;

#[test]
fn documentation_has_pictures_in_both_schemes() {
    let Some(shown) = Shown::start() else { return };
    let mut browser = Browser::start();
    browser.open(&shown.url("/?image=nginx:1.25&namespace=prod-eu&label=team%3Dcore"));
    for scheme in ["light", "dark"] {
        browser.look(WIDTH, HEIGHT, scheme);
        let picture = browser.picture(WIDTH, HEIGHT);
        assert!(
            picture.starts_with(b"\x89PNG") && picture.len() < MAX_PICTURE,
            "{}",
            picture.len()
        );
        if std::env::var_os("UPDATE_PICTURES").is_some() {
            fs::write(
                repository::path("docs/images").join(format!("page-{scheme}.png")),
                picture,
            )
            .unwrap();
        }
    }
    let page = fs::read_to_string(repository::path("docs/operations.md")).unwrap();
    for scheme in ["light", "dark"] {
        let name = format!("images/page-{scheme}.png");
        assert!(page.contains(&name));
        let picture = fs::read(repository::path("docs").join(&name)).unwrap();
        assert!(picture.starts_with(b"\x89PNG") && picture.len() < MAX_PICTURE);
    }
}
