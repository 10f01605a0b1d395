//! The figures beside what is to be reached.

use std::fmt;

/// The goal of a figure.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    /// A figure to read the others by.
    None,
}

/// The figures, in the order in which they were taken.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<(String, f64, &'static str, Goal)>,
}

impl Table {
    /// Adds a figure, and shows it at once: a run takes minutes.
    pub(crate) fn row(&mut self, name: &str, figure: f64, unit: &'static str, goal: Goal) {
        eprintln!("{name}: {figure:.3} {unit}");
        self.rows.push((name.to_owned(), figure, unit, goal));
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n{:<55} {:>12} {:>14}", "figure", "measured", "goal")?;
        for (name, figure, unit, goal) in &self.rows {
            let measured = format!("{figure:.2} {unit}");
            let (goal, reached) = match goal {
                Goal::AtLeast(least) => (format!(">= {least} {unit}"), figure >= least),
                Goal::AtMost(most) => (format!("<= {most} {unit}"), figure <= most),
                Goal::None => (String::new(), true),
            };
            let mark = if reached { "" } else { "  not reached" };
            writeln!(f, "{name:<55} {measured:>12} {goal:>14}{mark}")?;
        }
        Ok(())
    }
}
