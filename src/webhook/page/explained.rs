//! The explanation of an image, round by round.

use std::cell::Cell;
use std::time::{Duration, Instant};

use imageswap_engine::context::Setting;
use imageswap_engine::reference::ReferenceError;
use imageswap_engine::rules::{Effect, Explanation, Interrupt, Invalid, Scope};

use super::html::Html;
use crate::explanations::{ShownRound, ShownStep, headline, texts_of};
use crate::findings::counted;
use crate::webhook::reload::LoadedRules;

/// Maximum time of an evaluation. Others wait for their page meanwhile.
const MAX_TIME: Duration = Duration::from_secs(1);
/// Maximum number of checks of an evaluation. There is one every 128 steps, and each step takes memory.
const MAX_CHECKS: u32 = 1_000;
/// Maximum number of rounds that are shown.
const MAX_ROUNDS: usize = 30;
/// Maximum number of steps that are shown in all rounds together.
const MAX_STEPS: usize = 200;

/// Adds the result for an image.
pub(super) fn result(html: &mut Html, active: &LoadedRules, image: &str, setting: &Setting, every: bool) {
    let scope = if every { Scope::Every } else { Scope::Found };
    let (checks, end) = (Cell::new(0), Instant::now() + MAX_TIME);
    let is_due = || {
        checks.set(checks.get() + 1);
        checks.get() > MAX_CHECKS || Instant::now() > end
    };
    let interrupt = Interrupt::new(&is_due);
    let context = setting.context();
    let Ok(explanation) = active.rules.explain_until(image, &context, scope, &interrupt) else {
        let problem =
            "the evaluation takes too long for this page; run `imageswap explain --rules PATH IMAGE`";
        return problems(html, &[problem.to_owned()]);
    };
    let effect = explanation.decision.as_ref().map(|decision| decision.effect());
    let is_invalid = matches!(effect, Ok(Effect::Invalid(_)) | Err(_));
    let class = match effect {
        Ok(Effect::Swap(_)) => "<p class=\"headline swap\"><strong>",
        Ok(Effect::Keep) => "<p class=\"headline keep\"><strong>",
        Ok(Effect::Deny) => "<p class=\"headline deny\"><strong>",
        Ok(Effect::Invalid(_)) | Err(_) => "<p class=\"headline deny\"><strong>",
    };
    html.raw(if is_invalid { ALERT } else { STATUS })
        .raw("<h3>Result</h3>\n")
        .raw(class)
        .text(headline(&active.rules, image, &explanation))
        .raw("</strong></p>\n");
    if let Ok(Effect::Invalid(Invalid::Image(error))) = effect {
        html.raw("<p>").text(help(*error)).raw("</p>\n");
    }
    if let Ok(decision) = &explanation.decision {
        html.raw("<ul class=\"plain\">\n");
        for text in texts_of(&active.rules, decision).take(MAX_STEPS) {
            html.raw("<li>").text(text).raw("</li>\n");
        }
        html.raw("</ul>\n");
    }
    html.raw("</div>\n");
    rounds(html, active, &explanation);
    let lacks_rules = explanation
        .rounds
        .first()
        .is_some_and(|round| round.steps.is_empty() && round.map.is_none());
    if lacks_rules && !every && !active.rules.is_empty() {
        html.raw("<p class=\"quiet\">No rule is for this image. To see every rule, and why it does not match, choose \
                  “Show every rule” in the box.</p>\n");
    }
}

/// Adds the reasons why an image cannot be tried.
pub(super) fn problems(html: &mut Html, problems: &[String]) {
    html.raw(ALERT).raw("<h3>Not evaluated</h3>\n<ul>\n");
    for problem in problems {
        html.raw("<li>").text(problem).raw("</li>\n");
    }
    html.raw("</ul>\n</div>\n");
}

const ALERT: &str = "<div id=\"result\" class=\"result bad\" role=\"alert\" tabindex=\"-1\">\n";
const STATUS: &str = "<div id=\"result\" class=\"result\" role=\"status\" tabindex=\"-1\">\n";

fn rounds(html: &mut Html, active: &LoadedRules, explanation: &Explanation<'_>) {
    let sources = active.counts.sources();
    let mut left = MAX_STEPS;
    for (number, round) in (1..).zip(explanation.rounds.iter().take(MAX_ROUNDS)) {
        let round = ShownRound::new(&active.rules, sources, round, number);
        html.raw("<h4>Round ")
            .text(number)
            .raw(": <code>")
            .text(round.image())
            .raw("</code></h4>\n<ol class=\"steps\">\n");
        let count = round.steps().len();
        for shown in round.steps().take(left).chain(round.map()) {
            step(html, &shown);
        }
        if count > left {
            html.raw("<li>and ")
                .text(counted(count - left, "more rule"))
                .raw("</li>\n");
        }
        left = left.saturating_sub(count);
        if let Some(end) = round.end() {
            html.raw("<li class=\"quiet\">").raw(end).raw("</li>\n");
        } else if count == 0 && round.map().is_none() {
            html.raw("<li class=\"quiet\">no rule was examined</li>\n");
        }
        html.raw("</ol>\n");
    }
    let more = explanation.rounds.len().saturating_sub(MAX_ROUNDS);
    if more > 0 {
        html.raw("<p>and ")
            .text(counted(more, "more round"))
            .raw("</p>\n");
    }
}

fn step(html: &mut Html, step: &ShownStep) {
    html.raw(if step.matches {
        "<li class=\"match\">"
    } else {
        "<li>"
    })
    .raw("<span class=\"mark\" aria-hidden=\"true\">")
    .raw(if step.matches { "✓" } else { "·" })
    .raw("</span> <b>")
    .text(&step.rule)
    .raw("</b>");
    if let Some(text) = &step.text {
        html.raw(" <code>").text(text).raw("</code>");
    }
    html.raw(" <span class=\"outcome\">")
        .text(&step.outcome)
        .raw("</span></li>\n");
}

/// Returns what to do about an image that is not valid.
fn help(error: ReferenceError) -> &'static str {
    match error {
        ReferenceError::Empty => {
            "Write a registry if it is not Docker Hub, a repository, and a tag or a digest: registry.example.com/team/web:1.0."
        }
        ReferenceError::Identifier => {
            "Write the name of the image instead of its id, such as registry.example.com/team/web:1.0."
        }
        ReferenceError::Uppercase => {
            "Write the part after the registry in lower case, such as registry.example.com/team/web:1.0."
        }
        ReferenceError::TooLong => "Shorten the part between the registry and the tag to 255 bytes.",
        ReferenceError::Name => {
            "Remove spaces and signs: a repository has lower-case letters and digits, with one of . _ - / between them, such as registry.example.com/team/web:1.0."
        }
        ReferenceError::Tag => "Correct the part after the last colon, such as :1.0, or remove it.",
        ReferenceError::Digest => "Copy the whole digest after the @, or remove it.",
    }
}
