//! `--record-originals`: the annotation with the original images.

use imageswap_tests_support::webhook::{Server, Start, pod};
use serde_json::{Value, json};

use crate::IMAGESWAP;
use crate::rules_answers::changed;

const MAP: &str = "default::mirror.example.com/hub\nmirror.example.com::\n";
const PATH: &str = "/metadata/annotations/imageswap.k8s.twr.io~1original-images";

fn annotated(images: &[&str], annotations: &Value) -> Vec<u8> {
    changed(images, |request| {
        request["object"]["metadata"]["annotations"] = annotations.clone();
    })
}

fn serve(start: Start) -> Server {
    start.self_signed().map(MAP).serve()
}

#[test]
fn original_images_are_recorded_if_the_option_is_set() {
    let recorded = r#"{"/spec/containers/0/image":"nginx:1.25","/spec/containers/1/image":"busybox"}"#;
    for start in [
        Start::new(IMAGESWAP).args(["--record-originals"]),
        Start::new(IMAGESWAP).env("IMAGESWAP_RECORD_ORIGINALS", "true"),
    ] {
        let server = serve(start);
        let operations = server
            .post(&annotated(&["nginx:1.25", "busybox"], &json!({"a": "b"})))
            .operations();
        assert_eq!(
            operations.last(),
            Some(&json!({"op": "add", "path": PATH, "value": recorded}))
        );
        assert_eq!(operations.len(), 3);
        // Without annotations, the patch creates them.
        let operations = server.post(&pod(&["nginx:1.25", "busybox"])).operations();
        let expected = json!({
            "op": "add", "path": "/metadata/annotations",
            "value": {"imageswap.k8s.twr.io/original-images": recorded},
        });
        assert_eq!(operations.last(), Some(&expected));
        // Nothing is swapped, so nothing is recorded.
        let answer = server.post(&annotated(&["mirror.example.com/x"], &json!({})));
        assert_eq!(answer.operations(), [Value::Null; 0]);
    }
    let server = serve(Start::new(IMAGESWAP));
    assert_eq!(server.post(&pod(&["nginx:1.25"])).operations().len(), 1);
}

#[test]
fn dry_run_records_nothing() {
    let server = serve(Start::new(IMAGESWAP).args(["--record-originals", "--dry-run"]));
    assert_eq!(server.post(&pod(&["nginx:1.25"])).operations(), [Value::Null; 0]);
}
