//! SARIF, the format of logs for code hosts.

mod log;
mod logs;
mod same;
