//! Describes the verification of a request's signature: the verdict, the reason, and how to fix it.
//! Pure.

use hookglass_message::head;
use hookglass_senders::{sender, signature::Signing};
use hookglass_store::StoredSecret;
use hookglass_wire::{Field, Piece, Reading, Signature, Summary, Text};

use super::{fields::field, note, pieces::SpanBuilder};

/// Renders a verification. `secrets` are those of the endpoint.
pub(crate) fn reading(
    summary: &Summary,
    signature: Option<&Signature>,
    secrets: &[StoredSecret],
) -> Reading {
    let mut reading = Reading::default();
    let settings = format!("/inspect/{}/answers", summary.endpoint);
    let Some(signature) = signature else {
        let own = summary.sender.as_deref().and_then(sender::signing);
        reading.notes.push(note("info", &nothing(summary, own)));
        reading.fields.extend(own.map(|own| wanted(own, &settings)));
        return reading;
    };
    if signature.verdict == "unsigned" && is_nobodys(summary, secrets) {
        let text = "Not signed. It carries no signature of a sender whose secret is set here.";
        reading.notes.push(note("warn", text));
        reading.fields.push(judged_by(&secrets.iter().collect::<Vec<_>>(), None, &settings));
        return reading;
    }
    let signing = sender::signing_by_id(&signature.provider);
    let name = signing.map_or(signature.provider.as_str(), |signing| signing.name);
    let of_sender: Vec<&StoredSecret> =
        secrets.iter().filter(|secret| secret.provider == signature.provider).collect();
    let maker = of_sender
        .iter()
        .find(|secret| Some(&secret.id.to_string()) == signature.secret_id.as_ref());
    let maker = maker.map(|secret| called(secret));
    let reason = signature.reason.as_deref().unwrap_or_default();
    match signature.verdict.as_str() {
        "valid" => {
            let by = maker.as_deref().unwrap_or("a secret that is set here");
            let text = format!("Valid: {name} signed it with {by}.");
            reading.notes.push(note("ok", &text));
        }
        "invalid" => reading.notes.push(note("bad", &format!("Not valid. {reason}"))),
        "unsigned" => reading.notes.push(note("warn", &format!("Not signed. {reason}"))),
        _ => reading.notes.push(note("info", &format!("It cannot be judged. {reason}"))),
    }
    if let Some(hint) = &signature.hint {
        reading.notes.push(note("warn", hint));
    }
    if let Some(signing) = signing {
        reading.fields.push(Field {
            about: Some(format!("Its signature stands in {}.", signing.fields().join(" or "))),
            ..field(b"Sender", name.as_bytes(), "")
        });
    }
    if of_sender.is_empty() {
        reading.fields.extend(signing.map(|signing| wanted(signing, &settings)));
    } else {
        reading.fields.push(judged_by(&of_sender, maker, &settings));
    }
    compare(&mut reading, signature);
    reading
}

/// Whether several senders have secrets and an unsigned request is from none of them.
fn is_nobodys(summary: &Summary, secrets: &[StoredSecret]) -> bool {
    let own = summary.sender.as_deref().and_then(sender::signing);
    let is_own = |secret: &StoredSecret| own.is_some_and(|own| own.id == secret.provider);
    let is_one = secrets.iter().all(|secret| secret.provider == secrets[0].provider);
    !is_one && !secrets.iter().any(is_own) && own.is_none()
}

/// The text for a request without a signature.
fn nothing(summary: &Summary, own: Option<&Signing>) -> String {
    match (own, summary.mark.as_deref()) {
        (_, Some("preflight")) => "A browser asks before a request: nobody signs that.".to_owned(),
        (_, Some(_)) => "Somebody looks at a link: nobody signs that.".to_owned(),
        (Some(own), None) => format!(
            "It carries no signature. {} signs what it sends where a secret is set there.",
            own.name
        ),
        (None, None) => "It carries no signature of a sender that is known, and no secret is set \
                         to judge it by."
            .to_owned(),
    }
}

/// Names the secret that is missing, with a link to the settings.
fn wanted(signing: &Signing, settings: &str) -> Field {
    Field {
        value: vec![settings_link(
            "Add the secret",
            &format!("{settings}?sender={}#secrets", signing.id),
        )],
        about: Some(signing.secret.to_owned()),
        ..field(b"Secret", b"", "")
    }
}

fn judged_by(secrets: &[&StoredSecret], maker: Option<String>, settings: &str) -> Field {
    let mut value = SpanBuilder::default();
    match maker {
        Some(maker) => value.push("", &maker),
        None => {
            for (place, secret) in secrets.iter().enumerate() {
                value.push("", if place > 0 { ", " } else { "" });
                value.push("", &called(secret));
            }
        }
    }
    let mut value = value.done();
    value.push(Piece(" · ".to_owned(), "quiet".to_owned()));
    value.push(settings_link("Secrets of this endpoint", settings));
    Field { value, ..field(b"Judged by", b"", "") }
}

/// Names a secret as its owner knows it.
fn called(secret: &StoredSecret) -> String {
    match &secret.name {
        Some(name) => format!("the secret \"{name}\""),
        None => {
            let id = secret.id.to_string();
            format!("the secret {}…", id.get(..8).unwrap_or(&id))
        }
    }
}

/// The settings are a page of their own.
fn settings_link(text: &str, settings: &str) -> Piece {
    Piece(text.to_owned(), format!("page {settings}"))
}

/// Shows the received next to the expected value, if no known mistake explains the difference.
fn compare(reading: &mut Reading, signature: &Signature) {
    let said = |name: &str, value: &str, about: &str| Field {
        about: Some(about.to_owned()),
        ..field(name.as_bytes(), value.as_bytes(), "")
    };
    let mut fields = Vec::new();
    if let Some(received) = &signature.received {
        fields.push(said("Received", received, "The signature that came."));
    }
    if let Some(computed) = &signature.computed {
        fields.push(said("Computed", computed, "What the first secret here makes of it."));
    }
    if let Some(signed) = &signature.signed {
        let bytes = match signed {
            Text::Utf8(text) => text.as_bytes().to_vec(),
            Text::Base64(encoded) => head::unencoded(encoded),
        };
        fields.push(Field {
            about: Some(
                "The start of what has to be signed. Hold it against what your code signs."
                    .to_owned(),
            ),
            ..field(b"Signed", &bytes, "")
        });
    }
    if let Some(first) = fields.first_mut() {
        first.group = Some("No known mistake explains it".to_owned());
    }
    reading.fields.append(&mut fields);
}

#[cfg(test)]
mod tests {
    use super::*;
    use hookglass_store::{EndpointId, SecretId};

    fn summary(sender: Option<&str>) -> Summary {
        Summary {
            endpoint: "in".to_owned(),
            sender: sender.map(str::to_owned),
            ..Summary::default()
        }
    }

    fn secret(name: Option<&str>) -> StoredSecret {
        StoredSecret {
            endpoint: EndpointId(1),
            id: SecretId::random(),
            provider: "stripe".to_owned(),
            name: name.map(str::to_owned),
            created_at: 0,
            sealed: Vec::new(),
        }
    }

    fn signature(verdict: &str) -> Signature {
        Signature {
            provider: "stripe".to_owned(),
            verdict: verdict.to_owned(),
            ..Signature::default()
        }
    }

    fn notes(reading: &Reading) -> Vec<(&str, &str)> {
        reading.notes.iter().map(|note| (note.tone.as_str(), note.text.as_str())).collect()
    }

    #[test]
    fn a_valid_signature_names_its_secret() {
        let secrets = [secret(None), secret(Some("Live"))];
        let made = Signature { secret_id: Some(secrets[1].id.to_string()), ..signature("valid") };
        let reading = reading(&summary(Some("Stripe")), Some(&made), &secrets);
        assert_eq!(notes(&reading), [("ok", "Valid: Stripe signed it with the secret \"Live\".")]);
    }

    #[test]
    fn a_mistake_comes_with_its_mend() {
        let made = Signature {
            reason: Some("The signature was not made with it.".to_owned()),
            hint: Some("Take the space away.".to_owned()),
            ..signature("invalid")
        };
        let reading = reading(&summary(Some("Stripe")), Some(&made), &[secret(None)]);
        assert_eq!(
            notes(&reading),
            [
                ("bad", "Not valid. The signature was not made with it."),
                ("warn", "Take the space away.")
            ]
        );
        assert!(reading.fields.iter().all(|field| field.group.is_none()));
    }

    #[test]
    fn without_a_mistake_both_signatures_are_shown() {
        let made = Signature {
            received: Some("00".to_owned()),
            computed: Some("ff".to_owned()),
            signed: Some(Text::Base64("/w==".to_owned())),
            ..signature("invalid")
        };
        let reading = reading(&summary(None), Some(&made), &[secret(None)]);
        let values: Vec<&str> =
            reading.fields.iter().rev().take(3).map(|field| field.value[0].0.as_str()).collect();
        assert_eq!(values, ["\\xff", "ff", "00"]);
    }

    #[test]
    fn without_a_secret_the_page_says_which_and_where() {
        let own = reading(&summary(Some("GitHub")), None, &[]);
        assert!(notes(&own)[0].1.contains("GitHub signs"), "{own:?}");
        assert_eq!(own.fields[0].value[0].1, "page /inspect/in/answers?sender=github#secrets");
        let nobodys = reading(&summary(None), None, &[]);
        assert_eq!((nobodys.notes.len(), nobodys.fields.len()), (1, 0));
    }
}
