//! The container image: made from the Dockerfile by buildah, and run as Kubernetes runs it.

mod content;
mod dockerfile;
mod image;
mod name_server;
mod names;
mod program;
mod running;
mod sbom;
mod served;
