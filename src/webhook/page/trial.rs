//! The box to try an image: its form, and the values that it sends.

use imageswap_engine::context::{Setting, Subject, ValueKind};

use super::explained;
use super::html::Html;
use super::query::Query;
use crate::webhook::reload::LoadedRules;

/// Parameter with the image.
pub(super) const IMAGE: &str = "image";
/// Parameter that asks for every rule.
const ALL: &str = "all";

/// An image to try, with its context.
struct Trial {
    image: String,
    setting: Setting,
    every: bool,
}

/// Adds the form and, if an image is given, its explanation.
pub(super) fn section(html: &mut Html, query: &Query, active: &LoadedRules) {
    html.raw(
        "<section id=\"try\" aria-labelledby=\"try-title\">\n<h2 id=\"try-title\">Try an image</h2>\n\
         <p>The active rules evaluate it as they evaluate the image of a Pod, and the page shows each step: the same as \
         <code>imageswap explain</code>. Nothing is changed.</p>\n",
    );
    form(html, query);
    if query.has(IMAGE) {
        match Trial::read(query, active) {
            Ok(trial) => explained::result(html, active, &trial.image, &trial.setting, trial.every),
            Err(problems) => explained::problems(html, &problems),
        }
    }
    html.raw("</section>\n");
}

/// Returns the values that conditions read.
fn subjects() -> impl Iterator<Item = Subject> {
    let has_value = |subject: &Subject| subject.kind() != ValueKind::None;
    Subject::ALL.iter().copied().filter(has_value)
}

fn form(html: &mut Html, query: &Query) {
    html.raw("<form method=\"get\" action=\"/#result\">\n<div class=\"field main\"><label for=\"image\">Image</label>")
        .raw("<input id=\"image\" name=\"image\" required maxlength=\"1000\" autocomplete=\"off\" autocapitalize=\"none\" \
              spellcheck=\"false\" aria-describedby=\"image-hint\" value=\"")
        .text(query.first(IMAGE))
        .raw("\"><span class=\"hint\" id=\"image-hint\">As a Pod has it, such as <code>nginx:1.25</code>. \
              <code>{NAME}</code> stands for a constant of the rules.</span></div>\n");
    for subject in [Subject::Namespace, Subject::Label] {
        field(html, query, subject);
    }
    let is_more = |subject: &Subject| !matches!(subject, Subject::Namespace | Subject::Label);
    let is_set = subjects().filter(is_more).any(|subject| {
        let value = query.first(subject.as_str());
        !value.is_empty() && subject.default() != Some(value)
    });
    html.raw(if is_set || query.has(ALL) {
        "<details open>"
    } else {
        "<details>"
    })
    .raw("<summary>More about the object and the request</summary>\n<div class=\"fields\">\n");
    for subject in subjects().filter(is_more) {
        field(html, query, subject);
    }
    html.raw("<div class=\"field check\"><input type=\"checkbox\" id=\"all\" name=\"all\" value=\"yes\"")
        .raw(if query.has(ALL) { " checked" } else { "" })
        .raw("><label for=\"all\">Show every rule above the one that decides, and why it does not match</label></div>\n\
              </div></details>\n<p class=\"actions\"><button>Explain</button> <a href=\"/#try\">Clear</a></p>\n</form>\n");
}

fn field(html: &mut Html, query: &Query, subject: Subject) {
    let name = subject.as_str();
    html.raw("<div class=\"field\"><label for=\"")
        .raw(name)
        .raw("\">")
        .raw(subject.description())
        .raw("</label>");
    match subject.kind() {
        ValueKind::Word(words) => {
            let chosen = Some(query.first(name))
                .filter(|value| !value.is_empty())
                .or(subject.default());
            html.raw("<select id=\"")
                .raw(name)
                .raw("\" name=\"")
                .raw(name)
                .raw("\">");
            for word in words {
                html.raw(if chosen == Some(*word) {
                    "<option selected>"
                } else {
                    "<option>"
                })
                .raw(word)
                .raw("</option>");
            }
            html.raw("</select>");
        }
        ValueKind::Pairs(_) => {
            html.raw("<textarea rows=\"2\" autocapitalize=\"none\" spellcheck=\"false\" id=\"")
                .raw(name)
                .raw("\" name=\"")
                .raw(name)
                .raw("\" aria-describedby=\"")
                .raw(name)
                .raw("-hint\">");
            for lines in query.all(name) {
                // A browser ends lines with both characters, and drops a first empty line.
                html.preformatted(&lines.replace('\r', ""), MAX_VALUE).raw("\n");
            }
            html.raw("</textarea><span class=\"hint\" id=\"")
                .raw(name)
                .raw("-hint\"><code>")
                .raw(subject.form())
                .raw("</code>, one on each line</span>");
        }
        ValueKind::Text(_) | ValueKind::Owner | ValueKind::None => {
            html.raw("<input autocomplete=\"off\" autocapitalize=\"none\" spellcheck=\"false\" id=\"")
                .raw(name)
                .raw("\" name=\"")
                .raw(name)
                .raw("\" aria-describedby=\"")
                .raw(name)
                .raw("-hint\" value=\"")
                .text(query.first(name))
                .raw("\"><span class=\"hint\" id=\"")
                .raw(name)
                .raw("-hint\">");
            match subject.default() {
                Some(default) => html.raw("<code>").raw(default).raw("</code> if it is empty"),
                None => html.raw("<code>").raw(subject.form()).raw("</code>"),
            };
            html.raw("</span>");
        }
    }
    html.raw("</div>\n");
}

/// Maximum number of characters of the labels or annotations in the form.
const MAX_VALUE: usize = 8 << 10;

impl Trial {
    /// Reads the values of the form.
    ///
    /// # Errors
    ///
    /// Returns an error for each value that is not valid, with the help to correct it.
    fn read(query: &Query, active: &LoadedRules) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        let mut setting = Setting::default();
        for subject in subjects() {
            if let ValueKind::Pairs(_) = subject.kind() {
                pairs(query, subject, &mut setting, &mut problems);
            } else {
                single(query, subject, &mut setting, &mut problems);
            }
        }
        let given = query.first(IMAGE);
        if query.all(IMAGE).count() > 1 {
            problems.push("the image is given twice; try one image at a time".to_owned());
        } else if given.is_empty() {
            problems.push("the image is missing; write it as a Pod has it, such as `nginx:1.25`".to_owned());
        }
        match active.constants.put_into(given) {
            Ok(image) if problems.is_empty() => Ok(Self {
                image: image.into_owned(),
                setting,
                every: query.has(ALL),
            }),
            Ok(_) => Err(problems),
            Err(error) => {
                problems.push(error.to_string());
                Err(problems)
            }
        }
    }
}

/// Reads the keys and values of a subject, one on each line.
fn pairs(query: &Query, subject: Subject, setting: &mut Setting, problems: &mut Vec<String>) {
    let name = subject.as_str();
    let lines = query.all(name).flat_map(str::lines).map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        match line.split_once('=') {
            Some((key, value)) if !key.is_empty() => {
                if subject == Subject::Label && value.contains(',') {
                    problems.push(format!("the value of the {name} `{key}` has a comma; write each {name} on a line of its own"));
                } else if !setting.set(subject, Some(key), value) {
                    problems.push(format!("the {name} `{key}` is given twice; remove one of them"));
                }
            }
            _ => problems.push(format!(
                "`{line}` is not a valid {name}; write a key, `=` and a value, such as `team=core`, one on each line"
            )),
        }
    }
}

/// Reads the value of a subject. An empty value counts as not given.
fn single(query: &Query, subject: Subject, setting: &mut Setting, problems: &mut Vec<String>) {
    let name = subject.as_str();
    for value in query.all(name).map(str::trim).filter(|value| !value.is_empty()) {
        if let Some(words) = subject.closed()
            && !words.contains(&value)
        {
            let known = words.join("`, `");
            problems.push(format!("`{value}` is not a valid {name}; use `{known}`"));
        } else if !setting.set(subject, None, value) {
            problems.push(format!("the {name} is given twice; remove one of them"));
        }
    }
}
