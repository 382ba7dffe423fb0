//! Sample webhooks to test an endpoint, in the form that their senders use. The signatures are made
//! up, not computed from a secret.

/// A POST request, to be sent without credentials.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// The sender and event, for people.
    pub name: &'static str,
    /// The headers that a script may set, spelled as their senders do.
    pub headers: &'static [(&'static str, &'static str)],
    /// The body: JSON.
    pub body: &'static str,
}

/// A placeholder for a number that is unique to each sent sample, in ids of deliveries.
const NUMBER: &str = "000000000000";

impl Sample {
    /// Returns its headers for this time, in milliseconds since the epoch.
    #[must_use]
    pub fn headers_at(&self, now: i64) -> Vec<(&'static str, String)> {
        let at = |value: &str| value.replace(NUMBER, &number(now));
        self.headers.iter().map(|(name, value)| (*name, at(value))).collect()
    }

    /// Returns its body for this time.
    #[must_use]
    pub fn body_at(&self, now: i64) -> String {
        self.body.replace(NUMBER, &number(now))
    }
}

/// Returns twelve digits.
fn number(now: i64) -> String {
    let digits = String::from(NUMBER) + &now.unsigned_abs().to_string();
    digits[digits.len() - NUMBER.len()..].to_owned()
}

/// All samples, the simplest first.
pub const SAMPLES: [Sample; 5] = [
    Sample {
        name: "JSON",
        headers: &[("Content-Type", "application/json")],
        body: r#"{"event":"hello","id":"000000000000","from":"Hookglass","tags":["sample",1,true,null],"big":12345678901234567890}"#,
    },
    Sample {
        name: "GitHub push",
        headers: &[
            ("Content-Type", "application/json"),
            ("X-GitHub-Event", "push"),
            ("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-000000000000"),
            ("X-GitHub-Hook-ID", "292430182"),
        ],
        body: r#"{"ref":"refs/heads/main","before":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","after":"f95f852bd8fca8fcc58a9a2d6c842781e32a215e","repository":{"id":35129377,"full_name":"octo-org/octo-repo","private":false,"html_url":"https://github.com/octo-org/octo-repo"},"pusher":{"name":"octocat","email":"octocat@example.com"},"commits":[{"id":"f95f852bd8fca8fcc58a9a2d6c842781e32a215e","message":"Fix the greeting","timestamp":"2026-11-21T09:30:00Z","added":[],"removed":[],"modified":["README.md"]}]}"#,
    },
    Sample {
        name: "Stripe invoice.paid",
        headers: &[
            ("Content-Type", "application/json; charset=utf-8"),
            (
                "Stripe-Signature",
                "t=1795253400,v1=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd",
            ),
        ],
        body: r#"{"id":"evt_1Sample000000000000","object":"event","api_version":"2025-09-30.clover","created":1795253400,"type":"invoice.paid","livemode":false,"data":{"object":{"id":"in_1SampleHookglass","object":"invoice","amount_paid":2000,"currency":"eur","customer":"cus_Sample","status":"paid","lines":{"data":[{"description":"Pro plan","amount":2000}]}}},"request":{"id":null,"idempotency_key":null}}"#,
    },
    Sample {
        name: "Slack message",
        headers: &[
            ("Content-Type", "application/json"),
            ("X-Slack-Request-Timestamp", "1795253400"),
            (
                "X-Slack-Signature",
                "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
            ),
        ],
        body: r#"{"team_id":"T061EG9R6","api_app_id":"A0PNCHHK2","type":"event_callback","event_id":"Ev000000000000","event_time":1795253400,"event":{"type":"message","channel":"C024BE91L","user":"U2147483697","text":"Hello <@U061F7AUR>","ts":"1795253400.000200"}}"#,
    },
    Sample {
        name: "Shopify order",
        headers: &[
            ("Content-Type", "application/json"),
            ("X-Shopify-Topic", "orders/create"),
            ("X-Shopify-Shop-Domain", "sample.myshopify.com"),
            ("X-Shopify-Webhook-Id", "b54557e4-bdd9-4b37-8a5f-000000000000"),
            ("X-Shopify-Hmac-Sha256", "XWmrwMey6OsLMeiZKwP4FppHH3cmAiiJJAweH5Jo4bM="),
        ],
        body: r#"{"id":820982911946154508,"name":"1001","email":"jon@example.com","created_at":"2026-11-21T10:30:00+01:00","currency":"EUR","total_price":"29.90","line_items":[{"id":866550311766439020,"title":"Looking glass","quantity":1,"price":"29.90"}],"shipping_address":{"city":"Z\u00fcrich","country":"Switzerland"}}"#,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_samples_are_one_delivery() {
        for sample in SAMPLES {
            let at = |now| (sample.headers_at(now), sample.body_at(now));
            assert_ne!(at(1_795_253_400_000), at(1_795_253_400_001), "{}", sample.name);
            assert_eq!(at(7).1.len(), at(1_795_253_400_000).1.len());
        }
        assert_eq!(
            (number(7).as_str(), number(1_795_253_400_000).as_str()),
            ("000000000007", "795253400000")
        );
    }

    #[test]
    fn each_sample_is_json_that_a_script_may_send() {
        for sample in SAMPLES {
            let body: serde_json::Value = serde_json::from_str(sample.body).unwrap();
            assert!(body.is_object(), "{}", sample.name);
            assert!(sample.headers[0].1.starts_with("application/json"), "{}", sample.name);
            // Forbidden for scripts (WHATWG Fetch §2.2.2), or changed by some browsers.
            for (name, value) in sample.headers {
                let name = name.to_ascii_lowercase();
                let is_forbidden = name.starts_with("sec-") || name.starts_with("proxy-");
                assert!(!is_forbidden && name != "user-agent", "{name}");
                assert!(value.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '));
            }
        }
    }

    #[test]
    fn samples_take_little_room() {
        let bytes: usize = SAMPLES.iter().map(|sample| sample.body.len()).sum();
        assert!(bytes < 2_500, "{bytes}");
    }
}
