//! Colors, widths, roles and the policy.

use crate::browser::Browser;
use crate::start::Shown;

/// Lists each text whose contrast to its background is too low, with the contrast.
const LOW_CONTRAST: &str = "(() => {
  const parse = (color) => { const [r, g, b, a = 1] = color.match(/[\\d.]+/g).map(Number); return {rgb: [r, g, b], a}; };
  const light = ({rgb}) => { const [r, g, b] = rgb.map((v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const back = (element) => { for (let at = element; at; at = at.parentElement) {
    const color = parse(getComputedStyle(at).backgroundColor); if (color.a === 1) return color; } return parse('rgb(255,255,255)'); };
  const low = []; let count = 0;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility()) continue;
    const style = getComputedStyle(element), [a, b] = [light(parse(style.color)), light(back(element))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    count += 1;
    if (contrast < 4.5) low.push(node.data.trim() + ': ' + contrast.toFixed(2));
  }
  return [count, low];
})()";

#[test]
fn page_fits_each_width_with_contrast_in_both_schemes() {
    let Some(shown) = Shown::start() else { return };
    let mut browser = Browser::start();
    browser.open(&shown.url("/?image=nginx:1.25&namespace=prod-eu&all=yes"));
    let mut backgrounds = Vec::new();
    for scheme in ["light", "dark"] {
        for width in [320, 360, 768, 1440] {
            browser.look(width, 900, scheme);
            let overflow = browser
                .evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
            assert_eq!(overflow, 0, "{scheme}, {width}");
        }
        let found = browser.evaluate(LOW_CONTRAST);
        assert!(found[0].as_u64().unwrap() > 100, "{found}");
        assert_eq!(found[1].as_array().unwrap().len(), 0, "{scheme}: {}", found[1]);
        backgrounds.push(browser.evaluate("getComputedStyle(document.body).backgroundColor"));
    }
    assert_ne!(backgrounds[0], backgrounds[1]);
}

#[test]
fn screen_reader_gets_roles_and_names() {
    let Some(shown) = Shown::start() else { return };
    let mut browser = Browser::start();
    browser.open(&shown.url("/?image=nginx:1.25"));
    let roles = browser.roles();
    for expected in [
        "main ''",
        "navigation 'Sections'",
        "heading 'imageswap'",
        "heading 'Try an image'",
        "heading 'Denied'",
        "heading 'Findings of the rejected version'",
        "region 'State'",
        "region 'Rules'",
        "textbox 'Image'",
        "textbox 'Namespace of the object'",
        "textbox 'Label of the Pod'",
        "button 'Explain'",
        "status ''",
        "table 'Objects that were denied, the last one first'",
        "columnheader 'Why'",
        "rowheader 'Pod prod-eu/api-5c9b- CREATE'",
        "columnheader 'Images'",
        "rowheader '8'",
        "search ''",
    ] {
        assert!(
            roles.iter().any(|role| role == expected),
            "{expected}: {roles:#?}"
        );
    }
    browser.open(&shown.url("/?image=team/UPPER"));
    assert!(browser.roles().iter().any(|role| role.starts_with("alert ")));
    // Each field has a name, and no identifier is used twice.
    let unnamed = roles
        .iter()
        .filter(|role| ["textbox ''", "combobox ''", "checkbox ''", "table ''"].contains(&role.as_str()));
    assert_eq!(unnamed.count(), 0);
    let twice = "(() => { const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.length - new Set(ids).size; })()";
    assert_eq!(browser.evaluate(twice), 0);
    let headings = "[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))";
    let levels: Vec<u64> = browser
        .evaluate(headings)
        .as_array()
        .unwrap()
        .iter()
        .filter_map(serde_json::Value::as_u64)
        .collect();
    assert_eq!(levels[0], 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
}

#[test]
fn policy_is_strict_and_nothing_violates_it() {
    let Some(shown) = Shown::start() else { return };
    let mut browser = Browser::start();
    for target in [
        "/",
        "/?image=nginx:1.25",
        "/?image=team/UPPER",
        "/?find=hub",
        "/?from=5",
    ] {
        browser.open(&shown.url(target));
        assert_eq!(browser.evaluate("document.styleSheets.length"), 1);
    }
    assert!(browser.complaints().is_empty(), "{:#?}", browser.complaints());
    browser.evaluate("(() => { const s = document.createElement('script'); s.textContent = 'document.title = \"run\"'; document.body.append(s); })()");
    assert_ne!(browser.evaluate("document.title"), "run");
    let complaints = browser.complaints();
    assert!(
        complaints
            .iter()
            .any(|entry| entry.to_string().contains("Content Security Policy")),
        "{complaints:#?}"
    );
}
