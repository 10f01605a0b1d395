//! The layouts that authors give a rules file: white space, line ends and comments where there may be some.

use super::choices::Choices;

impl Choices<'_> {
    /// The same statements in another layout, and the comments that were put in, in order.
    ///
    /// The text is one that [`Choices::files`] has made: a statement begins at the start of a line, and only words in
    /// quotes hold white space.
    pub fn messy(&mut self, text: &str) -> (String, Vec<String>) {
        let mut mess = Mess {
            choices: self,
            end: "\n",
            text: String::new(),
            comments: Vec::new(),
        };
        if mess.choices.one_in(4) {
            mess.end = "\r\n";
        }
        if mess.choices.one_in(8) {
            mess.text.push('\u{feff}');
        }
        for line in text.trim_start_matches('\u{feff}').lines() {
            mess.line(line);
        }
        (mess.text, mess.comments)
    }
}

struct Mess<'c, 'b> {
    choices: &'c mut Choices<'b>,
    end: &'static str,
    text: String,
    comments: Vec<String>,
}

impl Mess<'_, '_> {
    fn line(&mut self, line: &str) {
        if line.starts_with('#') {
            return;
        }
        if !line.starts_with(' ') {
            self.between();
        }
        let mut is_quoted = false;
        let mut before = ' ';
        for (at, character) in line.char_indices() {
            match character {
                '#' if before == ' ' && !is_quoted => break,
                ' ' if !is_quoted => {
                    let next = line[at..].trim_start().split(' ').next();
                    // No line that goes on with a statement begins with the word of another.
                    if next.is_some_and(|word| ["keep", "deny", "warn"].contains(&word)) {
                        self.space();
                    } else {
                        self.gap();
                    }
                }
                ',' if !is_quoted && self.choices.one_in(6) => {
                    self.gap();
                    self.text.push(',');
                }
                '"' if before != '\\' => {
                    is_quoted = !is_quoted;
                    self.text.push('"');
                }
                _ => self.text.push(character),
            }
            before = if before == '\\' { ' ' } else { character };
        }
        if self.choices.one_in(4) {
            self.text.push_str(self.choices.of(&[" ", "  ", "\t"]));
            self.comment();
        }
        let space = self.choices.of(&["", "", "", " ", " \t "]);
        self.text.push_str(space);
        self.end();
    }

    /// Lines between two statements.
    fn between(&mut self) {
        while self.choices.one_in(3) {
            match self.choices.below(4) {
                0 => self.end(),
                1 => {
                    self.text.push_str(" \t");
                    self.end();
                }
                2 => {
                    self.comment();
                    self.end();
                }
                _ => {
                    self.text.push_str("   ");
                    self.comment();
                    self.end();
                }
            }
        }
    }

    /// White space between two words.
    fn gap(&mut self) {
        self.space();
        while self.choices.one_in(6) {
            match self.choices.below(4) {
                0 => {}
                1 => self.comment(),
                2 => {
                    self.end();
                    self.comment();
                }
                _ => {
                    self.end();
                    self.text.push_str("  ");
                    self.comment();
                }
            }
            self.end();
            let indent = self.choices.of(&["  ", "\t", "      ", " "]);
            self.text.push_str(indent);
        }
    }

    fn space(&mut self) {
        let space = self.choices.of(&[" ", " ", " ", "  ", "\t", " \t ", "      "]);
        self.text.push_str(space);
    }

    fn comment(&mut self) {
        let comment = format!(
            "#{} c{}",
            self.choices.of(&["", " \"quoted", "#", " -> when"]),
            self.comments.len()
        );
        self.text.push_str(&comment);
        self.comments.push(comment);
    }

    fn end(&mut self) {
        self.text.push_str(self.end);
    }
}
