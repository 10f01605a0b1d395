//! The Secret as v1.5.3 treats it: its init container makes it, and an annotation says that the pair in it is yours.

use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::sleep;

use crate::kubernetes::certificates::has_own_pair;
use crate::kubernetes::client::ObjectClient;
use crate::kubernetes::error::ApiError;
use crate::kubernetes::object::Object;

/// Time after a failed request.
const RETRY: Duration = Duration::from_secs(2);

/// Returns true if the Secret has a pair of the user. Makes the Secret if it does not exist.
pub(in crate::kubernetes) async fn is_own_pair(client: &ObjectClient) -> bool {
    let mut logged = String::new();
    loop {
        match read_or_make(client).await {
            Ok(is_own) => return is_own,
            // Another replica was faster.
            Err(error) if error.is_conflict() => {}
            Err(error) => {
                let problem = error.to_string();
                if problem != logged {
                    tracing::warn!(problem, "the Secret with the key pair is not known yet");
                    logged = problem;
                }
            }
        }
        sleep(RETRY).await;
    }
}

/// Makes the Secret again if it is deleted. Never returns.
pub(in crate::kubernetes) async fn keep_existing(client: &ObjectClient) {
    let mut events = pin!(client.watch(Object::Secret));
    while let Some(event) = events.next().await {
        if let Ok(None) = event {
            // It waits until the Secret exists.
            let _ = is_own_pair(client).await;
        }
    }
}

async fn read_or_make(client: &ObjectClient) -> Result<bool, ApiError> {
    let Some(secret) = client.get(Object::Secret).await? else {
        let fields = json!({"metadata": {"labels": {"app": "imageswap"}}});
        client.create(Object::Secret, fields).await?;
        return Ok(false);
    };
    Ok(has_own_pair(&secret))
}
