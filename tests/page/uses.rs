//! The page by keyboard.

use crate::browser::Browser;
use crate::start::Shown;

const TAB: (&str, u32) = ("Tab", 9);
/// The focused element, in a word.
const FOCUS: &str =
    "(() => { const at = document.activeElement; return at.id || at.textContent.trim().slice(0, 40); })()";

/// Presses the key Tab, and returns what has the focus then. The focus is visible.
fn tab(browser: &mut Browser) -> String {
    browser.press(TAB.0, TAB.1, "");
    let outline = browser.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert_ne!(outline, "none");
    browser.evaluate(FOCUS).as_str().unwrap().to_owned()
}

#[test]
fn image_is_tried_by_keyboard() {
    let Some(shown) = Shown::start() else { return };
    let mut browser = Browser::start();
    browser.look(1200, 900, "light");
    browser.open(&shown.url("/"));
    let order: Vec<String> = (0..9).map(|_| tab(&mut browser)).collect();
    assert_eq!(
        order,
        [
            "Skip to the content",
            "State",
            "Try an image",
            "Lately",
            "Reloads",
            "Rules",
            "image",
            "namespace",
            "label",
        ]
    );
    assert_eq!(tab(&mut browser), "More about the object and the request");
    assert_eq!(tab(&mut browser), "Explain");
    browser.open(&shown.url("/"));
    for _ in 0..7 {
        tab(&mut browser);
    }
    browser.call("Input.insertText", &serde_json::json!({"text": "nginx:1.25"}));
    browser.press("Enter", 13, "\r");
    browser.wait("Page.loadEventFired");
    let address = browser.evaluate("location.pathname + location.search + location.hash");
    let address = address.as_str().unwrap();
    assert!(
        address.starts_with("/?image=nginx%3A1.25&") && address.ends_with("#result"),
        "{address}"
    );
    let result = browser.evaluate("document.getElementById('result').textContent");
    let expected = "nginx:1.25 -> harbor.example.com/hub/library/nginx:1.25 by hub";
    assert!(result.as_str().unwrap().contains(expected), "{result}");
    // The fields keep their values, and the next Tab goes on from the result.
    assert_eq!(
        browser.evaluate("document.getElementById('image').value"),
        "nginx:1.25"
    );
    assert_eq!(browser.evaluate(FOCUS), "result");
    assert!(browser.complaints().is_empty(), "{:#?}", browser.complaints());
}

#[test]
fn skip_link_leads_to_the_content() {
    let Some(shown) = Shown::start() else { return };
    let mut browser = Browser::start();
    browser.open(&shown.url("/"));
    assert_eq!(tab(&mut browser), "Skip to the content");
    browser.press("Enter", 13, "\r");
    assert_eq!(browser.evaluate("location.hash"), "#main");
    assert_eq!(tab(&mut browser), "image");
}
