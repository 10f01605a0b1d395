//! The objects of imageswap-webhook v1.5.3: its Secret, and the template of its webhook configuration.

mod secret;
mod template;

pub(super) use secret::{is_own_pair, keep_existing};
pub(super) use template::{Template, TemplateError};
