use super::*;
use crate::respond::PreparedSettings;

fn form(fields: &[(&str, &str)]) -> SubmittedForm {
    SubmittedForm(
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    )
}

/// Makes a change and checks it, as saving does.
fn made(set: &Answering, fields: &[(&str, &str)]) -> Result<Answering, Error> {
    let form = form(fields);
    let mut set = set.clone();
    FormCommand::of(&form)?.make(&form, &mut set)?;
    PreparedSettings::check(&set)?;
    Ok(set)
}

const REPLY: [(&str, &str); 4] = [
    ("status", "503"),
    ("delay_ms", "250"),
    ("headers", "Retry-After: 5\r\n\r\nX-Id: {{ uuid }}:x\r\n"),
    ("body", "one\r\ntwo\r\n"),
];

fn with<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    more.iter().copied().chain(REPLY).collect()
}

#[test]
fn a_reply_is_read_from_its_form() {
    let set = made(&Answering::default(), &with(&[("do", "reply")])).unwrap();
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(
        set.reply,
        Reply {
            status: 503,
            headers: vec![header("Retry-After", "5"), header("X-Id", "{{ uuid }}:x")],
            body: Some("one\ntwo\n".to_owned()),
            body_base64: None,
            delay_ms: 250,
        }
    );
    let plain = made(&set, &[("do", "reply-reset")]).unwrap();
    assert_eq!(plain, Answering::default());
}

#[test]
fn a_secret_has_the_line_ends_that_were_pasted() {
    let form = form(&[("do", "secret"), ("provider", "vercel"), ("secret", "a\r\nb\r\n")]);
    let FormCommand::AddSecret { provider, secret, .. } = FormCommand::of(&form).unwrap() else {
        panic!()
    };
    assert_eq!((provider, secret.as_str()), ("vercel", "a\nb\n"));
}

#[test]
fn a_body_of_bytes_stays_until_text_is_written_or_it_is_let_go() {
    let reply = Reply { body: None, body_base64: Some("AAE=".to_owned()), ..Reply::default() };
    let set = Answering { reply, ..Answering::default() };
    let saved = |fields: &[_]| made(&set, fields).unwrap().reply;
    let bytes = [("do", "reply"), ("status", "200"), ("body", ""), ("keep_bytes", "on")];
    assert_eq!(saved(&bytes).body_base64.as_deref(), Some("AAE="));
    assert_eq!(saved(&bytes[..3]).body_base64, None);
    let text = [("do", "reply"), ("status", "200"), ("body", "text"), ("keep_bytes", "on")];
    assert_eq!((saved(&text).body.as_deref(), saved(&text).body_base64), (Some("text"), None));
}

#[test]
fn a_body_that_nobody_changed_keeps_its_line_ends() {
    let of = |body: &str| Reply { body: Some(body.to_owned()), ..Reply::default() };
    for kept in ["one\r\ntwo\r\n", "one\r\ntwo\n", "one\rtwo\n", "one\ntwo\n"] {
        let rules = vec![Rule { when: String::new(), reply: of(kept) }];
        let set = Answering { reply: of(kept), rules, ..Answering::default() };
        let reply = made(&set, &with(&[("do", "reply")])).unwrap().reply;
        assert_eq!(reply.body.as_deref(), Some(kept));
        let rule = with(&[("do", "rule-save"), ("rule", "1"), ("when", "method:PUT")]);
        let saved = made(&set, &rule).unwrap().rules.remove(0);
        assert_eq!((saved.when.as_str(), saved.reply.body.as_deref()), ("method:PUT", Some(kept)));
    }
    let set = Answering { reply: of("one\r\nthree\r\n"), ..Answering::default() };
    let changed = made(&set, &with(&[("do", "reply")])).unwrap().reply;
    assert_eq!(changed.body.as_deref(), Some("one\ntwo\n"));
}

#[test]
fn rules_are_added_saved_moved_and_removed() {
    let mut set = Answering::default();
    for when in ["method:GET", "method:PUT", "  method:POST "] {
        set = made(&set, &with(&[("do", "rule-add"), ("when", when)])).unwrap();
    }
    let whens = |set: &Answering| -> Vec<String> {
        set.rules.iter().map(|rule| rule.when.replace("method:", "")).collect()
    };
    assert_eq!(whens(&set), ["GET", "PUT", "POST"]);
    let set = made(&set, &[("do", "rule-up"), ("rule", "3")]).unwrap();
    assert_eq!(whens(&set), ["GET", "POST", "PUT"]);
    let set = made(&set, &[("do", "rule-down"), ("rule", "1")]).unwrap();
    assert_eq!(whens(&set), ["POST", "GET", "PUT"]);
    for edge in [[("do", "rule-up"), ("rule", "1")], [("do", "rule-down"), ("rule", "3")]] {
        assert_eq!(made(&set, &edge).unwrap(), set);
    }
    let set =
        made(&set, &with(&[("do", "rule-save"), ("rule", "2"), ("when", "path:/x")])).unwrap();
    assert_eq!(whens(&set), ["POST", "path:/x", "PUT"]);
    let set = made(&set, &[("do", "rule-remove"), ("rule", "2")]).unwrap();
    assert_eq!(whens(&set), ["POST", "PUT"]);
    for gone in ["3", "0", "", "-1"] {
        assert!(made(&set, &[("do", "rule-remove"), ("rule", gone)]).is_err(), "{gone}");
    }
}

#[test]
fn programmes_are_set_by_one_click_or_written_and_ended_by_one() {
    for preset in failure_sequence::presets() {
        let set = made(&Answering::default(), &[("preset", preset.id)]).unwrap();
        assert_eq!(set.programme, Some(preset.programme));
        let ended = made(&set, &[("do", "programme-end")]).unwrap();
        assert_eq!(ended.programme, None);
    }
    let fields =
        [("do", "programme"), ("steps", "503 x2\r\ncut\r\n"), ("by", "attempt"), ("percent", " ")];
    let programme = made(&Answering::default(), &fields).unwrap().programme.unwrap();
    assert_eq!(
        failure_sequence::describe(&programme),
        "503 twice, then cut connection; each delivery by itself"
    );
    let fields = [("do", "programme"), ("steps", "500"), ("by", "all"), ("percent", "20")];
    let programme = made(&Answering::default(), &fields).unwrap().programme.unwrap();
    assert_eq!((programme.by, programme.percent), (By::All, Some(20)));
    assert!(made(&Answering::default(), &[("preset", "none")]).is_err());
}

#[test]
fn boxes_that_are_not_ticked_are_not_sent() {
    let set =
        made(&Answering::default(), &[("do", "handshakes"), ("verify_token", " t ")]).unwrap();
    assert_eq!((set.handshakes, set.verify_token.as_deref()), (false, Some("t")));
    let set = made(&set, &[("do", "handshakes"), ("handshakes", "on"), ("verify_token", "")]);
    let set = set.unwrap();
    assert_eq!((set.handshakes, set.verify_token.as_deref()), (true, None));
    let set = made(&set, &[("do", "signatures"), ("reject_bad_signatures", "on")]).unwrap();
    assert!(set.reject_bad_signatures);
    assert!(!made(&set, &[("do", "signatures")]).unwrap().reject_bad_signatures);
}

#[test]
fn an_error_stands_beside_its_field_and_nothing_is_lost() {
    for (change, field, says) in [
        (("status", "199"), "status", "200 to 599"),
        (("status", "x"), "status", "200 to 599"),
        (("status", "99999"), "status", "200 to 599"),
        (("delay_ms", "30001"), "delay_ms", "30000"),
        (("headers", "no colon"), "headers", "Line 1 has no colon"),
        (("headers", "Set-Cookie: a=b"), "headers", "Set-Cookie"),
        (("body", "one\r\ntwo {{ x }}"), "body", "(line 2, character 8)"),
        (("when", "method:"), "when", "(character"),
    ] {
        let mut fields = with(&[("do", "rule-add"), ("form", "rule-new"), ("when", "method:GET")]);
        for field in &mut fields {
            if field.0 == change.0 {
                field.1 = change.1;
            }
        }
        let error = made(&Answering::default(), &fields).unwrap_err();
        let refused = refused(&form(&fields), &error).unwrap();
        assert_eq!(refused.field.as_deref(), Some(field), "{change:?}: {}", refused.message);
        assert!(refused.message.contains(says), "{change:?}: {}", refused.message);
        assert_eq!(refused.form, "rule-new");
        assert!(
            refused.fields.iter().any(|(name, value)| (name.as_str(), value.as_str()) == change)
        );
    }
}

#[test]
fn a_refused_secret_is_not_shown_again() {
    let form = form(&[("form", "secret"), ("provider", "stripe"), ("secret", "hunter2")]);
    let error =
        Error::Invalid("`secret` is no secret of Stripe: it begins with whsec_.".to_owned());
    let refused = refused(&form, &error).unwrap();
    assert_eq!(refused.field.as_deref(), Some("secret"));
    assert!(!format!("{refused:?}").contains("hunter2"));
    assert!(super::refused(&form, &Error::Unavailable).is_none());
}

#[test]
fn what_no_button_says_is_refused() {
    assert!(FormCommand::of(&form(&[("do", "x")])).is_err());
    assert!(FormCommand::of(&form(&[])).is_err());
}

#[test]
fn whatever_is_done_is_said_in_a_section_of_the_page() {
    for act in [
        "reply",
        "reply-reset",
        "rule-add",
        "rule-save",
        "rule-up",
        "rule-down",
        "rule-remove",
        "programme",
        "programme-end",
        "handshakes",
        "signatures",
        "secret",
        "secret-remove",
    ] {
        let form = form(&[("do", act)]);
        assert!(done(FormCommand::of(&form).unwrap().done()).is_some(), "{act}");
    }
}
