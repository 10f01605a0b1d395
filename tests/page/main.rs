//! The page for people, in a real browser: Debian's chromium. `IMAGESWAP_TEST_BROWSER=1` runs these tests.

mod browser;
mod looks;
mod pictures;
mod start;
mod uses;
