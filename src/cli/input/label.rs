//! The break-glass label: an option of each command that reads objects.

use clap::Args;

/// Key of the break-glass label if no other is named.
const DISABLE_LABEL: &str = "k8s.twr.io/imageswap";

#[derive(Args, Debug)]
pub(crate) struct LabelOption {
    /// Key of the break-glass label; objects that have it with the value `disabled` are skipped
    #[arg(
        long,
        env = "IMAGESWAP_DISABLE_LABEL",
        value_name = "KEY",
        default_value = DISABLE_LABEL
    )]
    pub(crate) disable_label: String,
}
