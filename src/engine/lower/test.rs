//! Reading tests.

use super::constants::Use;
use super::fault::Expanded;
use super::lowering::Lowering;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::rules::image::{AUTO, Image};
use crate::suite::{Expected, Test};
use crate::syntax::ast::{self, Outcome, Word};

impl Lowering<'_> {
    pub(super) fn test(
        &mut self,
        span: Span,
        image: Word,
        outcome: Outcome,
        when: &[ast::Condition],
    ) -> Option<()> {
        let image_text = self.expand(image, Use::Word);
        let result = match outcome {
            Outcome::Image(result) => Some(self.expand(result, Use::Word)),
            _ => None,
        };
        let setting = self.setting(when);
        let image = image_text?;
        if image.text == AUTO && outcome != Outcome::Keep {
            self.report(
                Diagnostic::error(
                    Code::TEST_IMAGE,
                    "the webhook skips the image `auto`, which Istio's injector replaces",
                    image.span(),
                )
                .help("write `test auto keep`"),
            );
            return None;
        }
        if image.text != AUTO {
            self.check_image(&image)?;
        }
        let expected = match outcome {
            Outcome::Image(_) => {
                let result = result??;
                self.check_image(&result)?;
                Expected::Image(result.text.into())
            }
            Outcome::Keep => Expected::Keep,
            Outcome::Deny => Expected::Deny,
            Outcome::Warn => Expected::Warn,
        };
        self.lowered.tests.push(Test {
            span,
            image: image.text.into(),
            expected,
            setting: setting?,
        });
        Some(())
    }

    pub(super) fn check_image(&mut self, image: &Expanded<'_>) -> Option<()> {
        match Image::parse(&image.text) {
            Ok(_) => Some(()),
            Err(error) => {
                self.report(
                    Diagnostic::error(
                        Code::TEST_IMAGE,
                        format!("`{}` is not a valid image", image.text),
                        image.span(),
                    )
                    .label(error.to_string())
                    .help("test a valid image: the webhook does not evaluate any other"),
                );
                None
            }
        }
    }
}
