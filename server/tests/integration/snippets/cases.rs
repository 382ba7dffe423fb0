//! The requests to capture first: ordinary webhooks, and everything that could break out of a
//! snippet.

/// A message, with `{id}` and `{host}` as placeholders for the endpoint and the server.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) sent: Vec<u8>,
}

fn case(name: impl Into<String>, sent: impl Into<Vec<u8>>) -> Case {
    Case { name: name.into(), sent: sent.into() }
}

/// A POST with these header lines and this body.
fn post(name: &str, fields: impl AsRef<[u8]>, body: impl AsRef<[u8]>) -> Case {
    let body = body.as_ref();
    let length = format!("Content-Length: {}\r\n\r\n", body.len());
    let head = b"POST /{id} HTTP/1.1\r\nHost: {host}\r\n";
    case(name, [head, fields.as_ref(), length.as_bytes(), body].concat())
}

fn body(name: &str, body: impl AsRef<[u8]>) -> Case {
    post(name, "Content-Type: text/plain\r\n", body)
}

fn fields(name: &str, fields: impl AsRef<[u8]>) -> Case {
    post(name, fields, "{}")
}

fn target(name: &str, rest: impl AsRef<[u8]>) -> Case {
    let fields = b" HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n";
    case(name, [b"GET /{id}", rest.as_ref(), fields].concat())
}

fn method(method: &str, rest: &str) -> Case {
    case(
        format!("the method {method} {rest:?}"),
        format!("{method} /{{id}} HTTP/1.1\r\nHost: {{host}}\r\nX-A: 1\r\n{rest}"),
    )
}

/// Requests that every tool for shells must copy completely.
pub(crate) fn ordinary() -> Vec<Case> {
    vec![
        post(
            "a push of GitHub",
            "Accept: */*\r\nContent-Type: application/json\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n\
             X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\nX-GitHub-Event: push\r\n\
             X-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c\r\n",
            r#"{"ref":"refs/heads/main","pusher":{"name":"O'Neil"},"commits":[]}"#,
        ),
        post(
            "an event of Stripe",
            "Cache-Control: no-cache\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\n\
             Accept: */*; q=0.5, application/xml\r\nContent-Type: application/json; charset=utf-8\r\n\
             Stripe-Signature: t=1492774577,v1=5257a869e7,v0=6ffbb59b\r\n",
            "{\n  \"id\": \"evt_1\",\n  \"type\": \"invoice.paid\",\n  \"amount\": 9007199254740993\n}",
        ),
        post(
            "a command of Slack",
            "Content-Type: application/x-www-form-urlencoded\r\n",
            "token=gIkuvaNzQIHg97ATvDxqgjtO&command=%2Fweather&text=94070&user_name=a+b",
        ),
        target("a plain GET", "/hook?a=1&b=%20c&d=e+f"),
        method("PUT", "Content-Length: 0\r\n\r\n"),
        method("DELETE", "\r\n"),
        body("text past ASCII", "Gr\u{fc}\u{df}e, \u{65e5}\u{672c}\u{8a9e} \u{1f600}"),
    ]
}

fn bodies() -> Vec<Case> {
    let every_byte: Vec<u8> = (0..=255).collect();
    vec![
        body("a body that begins with @", "@/etc/passwd"),
        body("a body of @-", "@-"),
        body("an empty body", ""),
        body("single quotes", "it's 'quoted' '' '\\'' \\'"),
        body("double quotes", "say \"hi\" \\\" \\\\"),
        body("substitutions", "$(touch hacked) `touch hacked` ${HOME} $HOME $! $$"),
        body("exclamation marks", "!! !$ !touch !-1 a!b"),
        body("exclamation marks in lines", "first\n!!\n'!$'\n\"!touch\"\n"),
        body("lines", "a\nb\n\nc\n\n\n"),
        body("CR LF", "a\r\nb\r\n"),
        body("the end of a here-document", "END\nEOF\ntouch hacked\n"),
        body("a leading dash", "-X DELETE --data x"),
        body("formats of printf", "%s %d %n %% \\n \\101 \\x41 \\c \\0\x07"),
        body("controls of a terminal", "\x1b[2J\x1b]0;owned\x07\x08\x7f \u{9b}31m"),
        body("a tab", "a\tb"),
        body("marks of direction", "\u{202e}txt.exe\u{2066} \u{feff}\u{200b}"),
        body("separators of JavaScript", "a\u{2028}b\u{2029}c"),
        body("the end of a script", "</script><!--<script> ]]> ?> <?php echo 1 ?>"),
        body("templates", "${process.exit(1)} #{exit} {{secret}} <%= 1 %> `${1}`"),
        body("lines that editors act on", "### \n# a\n// b\n< ./secret\n<@ ./secret\n> x.js\n>> out"),
        body("NUL", "a\0b\0"),
        body("NUL alone", "\0"),
        body("bytes that are not UTF-8", b"caf\xe9 \xff\xfe \xc3"),
        body("every byte", &every_byte),
        body("every byte many times", every_byte.repeat(40)),
        body("half an emoji", b"\xf0\x9f\x98"),
        body("a newline alone", "\n"),
        body("white space around", "  \n a \n  "),
        body("a backslash at the end", "a\\"),
        body("raw strings of Go and Rust", "`a` \"# \"## r#\"x\"# ` + `"),
        body("much text", "All work and no play. ".repeat(2_900)),
        body("sixty thousand NULs", vec![0; 60_000]),
        body("too much for a snippet", "0123456789abcdef\r\n\0\u{e4}".repeat(5_000)),
        post("gzip", "Content-Encoding: gzip\r\nContent-Type: application/json\r\n", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00"),
        post("no type", "", "a=b"),
        post(
            "parts of a form",
            "Content-Type: multipart/form-data; boundary=x\r\n",
            "--x\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b;c\"\r\n\r\n\0\r\n--x--\r\n",
        ),
        case(
            "chunks",
            "POST /{id} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/plain\r\n\
             Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        ),
        case(
            "chunks of nothing",
            "POST /{id} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        case(
            "chunks with trailers",
            "POST /{id} HTTP/1.1\r\nHost: {host}\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\
             \r\n4\r\nbody\r\n0\r\nX-Sum: $(touch hacked)\r\n\r\n",
        ),
    ]
}

fn heads() -> Vec<Case> {
    vec![
        fields("no field but Host", ""),
        fields("a, b, a in their order", "b: 1\r\nA: 2\r\nB: 3\r\nx-Y-z: 4\r\na: 5\r\n"),
        fields("the same twice", "X-A: 1\r\nX-A: 1\r\n"),
        fields("types twice", "Content-Type: text/plain\r\nContent-Type: text/html\r\n"),
        fields("cookies", "Cookie: a=1; b=\"2\"\r\nCookie: c=3\r\n"),
        fields("credentials", "Authorization: Basic dTpw\r\nProxy-Authorization: x\r\n"),
        fields("an empty value", "X-Empty:\r\nAccept:\r\nUser-Agent:\r\n"),
        fields("values that look like files", "X: @/etc/passwd\r\nY: <file\r\nZ: =1\r\nW: :=2\r\n"),
        fields(
            "quotes and substitutions",
            "X: '\"`$(touch hacked)`\"' \\' \\\" ${HOME} !! ; & | # %41\r\n",
        ),
        fields("a name of token characters", "!#$%&'*+-.^_`|~0aZ: $(touch hacked)\r\n"),
        fields("names that are options", "-o: hacked\r\n--output: hacked\r\n"),
        fields(
            "names that are no tokens",
            "X(a): 1\r\n@file: 2\r\n\"q\": 3\r\na;b: 4\r\na;c:\r\n?>: 5\r\n",
        ),
        fields("names past ASCII", b"X-\xe9: 1\r\n\xc3\xa4: 2\r\n"),
        fields("Latin-1", b"X: caf\xe9\r\nY: \xff\xfe\x80\r\n"),
        fields("UTF-8", "X: \u{e4}\u{65e5}\u{1f600}\r\n"),
        fields("marks of direction in a value", "X: \u{202e}a\u{2066}\u{85}b\r\n"),
        fields(
            "controls in values",
            b"X: a\x01\x1f\x7f\x0b\x0cb\r\nY: \x1b[2J\r\nW: \x0ca\x0c\r\n",
        ),
        fields("NUL in a value", b"X: a\0b\r\nY: \0\r\n"),
        fields("tabs within", "X: a\tb \t c\r\n"),
        fields("a folded line", "X: a\r\n b\r\n"),
        fields("backslashes", "X: \\\\ \\: \\= \\@ \\; \\n \\x41 \\101 \\u0041\r\nY: a\\\r\n"),
        fields("formats", "X: %s %n %% {{x}} ${x} #{x}\r\n"),
        fields("the end of PHP", "X: ?> <?php evil() ?>\r\nY: */ /* // #\r\n"),
        fields("a long value", format!("X: {}\r\n", "v".repeat(10_000))),
        fields("eighty fields", (0..80).map(|n| format!("X-{n}: {n}\r\n")).collect::<String>()),
        fields(
            "what connections are told",
            "Connection: close\r\nTE: trailers\r\nKeep-Alive: timeout=5\r\n",
        ),
        fields("an upgrade", "Connection: Upgrade\r\nUpgrade: websocket\r\n"),
        fields("an expectation", "Expect: 100-continue\r\n"),
        fields(
            "codings that are accepted",
            "Accept-Encoding: gzip, br\r\nAccept-Charset: utf-8\r\n",
        ),
        fields(
            "what browsers say",
            "Origin: https://a.test\r\nReferer: https://a.test/b\r\nSec-Fetch-Mode: cors\r\nDNT: 1\r\nDate: x\r\nVia: 1.1 a\r\n",
        ),
        fields(
            "ranges and conditions",
            "Range: bytes=0-1\r\nIf-None-Match: \"a\"\r\nIf-Modified-Since: x\r\n",
        ),
        fields("forwarded", "X-Forwarded-For: 203.0.113.7\r\nForwarded: for=203.0.113.7\r\n"),
        case("another Host", "GET /{id} HTTP/1.1\r\nHost: $(touch hacked)\r\n\r\n"),
        case("HTTP/1.0", "POST /{id} HTTP/1.0\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{}"),
        case(
            "a length with zeros ahead",
            "POST /{id} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0002\r\n\r\n{}",
        ),
    ]
}

fn targets() -> Vec<Case> {
    let visible: Vec<u8> = (0x21..=0x7e).collect();
    vec![
        target("dots", "/../a/./b/%2e%2e/c/."),
        target("slashes", "//a///b//"),
        target("an empty query", "?"),
        target("a query without a path", "?a=b"),
        target("two question marks", "?a?b=?"),
        target("an odd query", "?b=%zz&&=&c&c=1&%"),
        target("a fragment", "/a?b#c"),
        target("brackets and braces", "/[1-3]/{a,b}?c[]=1&d={}"),
        target("quotes", "/'$(touch%20hacked)'/`id`/\"x\""),
        target("quotes with an exclamation mark", "/'!!'\"!$\""),
        target("angle brackets", "/<script>alert(1)</script>?>"),
        target("backslashes", "/a\\b\\..\\c"),
        target("percent-encoded controls", "/%00%0d%0aX:%20y/%2F"),
        target("UTF-8", "/\u{e4}\u{1f600}?\u{fc}=\u{202e}"),
        target("bytes that are not UTF-8", b"/\xff\xfe?\x80=\xc3"),
        target("every visible character", [b"/", &visible[..]].concat()),
        target("every visible character in the query", [b"?", &visible[..]].concat()),
        target("small letters that are encoded", "/%e4%C3%A4?%7e=%41"),
        target("a colon and an at sign", "/a:b@c//user:pass@host/;x=1,2?u=http://x/y?z"),
        target("a long target", format!("/{}", "a".repeat(20_000))),
        case(
            "the absolute form",
            "GET http://hooks.test/{id}/a?b HTTP/1.1\r\nHost: hooks.test\r\n\r\n",
        ),
    ]
}

fn methods() -> Vec<Case> {
    let token = "!#$%&'*+-.^_`|~0aZ";
    vec![
        method("GET", "\r\n"),
        method("GET", "Content-Length: 2\r\n\r\n{}"),
        method("GET", "Content-Length: 0\r\n\r\n"),
        method("POST", "\r\n"),
        method("POST", "Content-Length: 0\r\n\r\n"),
        method("PATCH", "Content-Length: 2\r\n\r\n{}"),
        method("DELETE", "Content-Length: 2\r\n\r\n{}"),
        method("OPTIONS", "\r\n"),
        method("HEAD", "\r\n"),
        method("HEAD", "Content-Length: 2\r\n\r\n{}"),
        method("TRACE", "\r\n"),
        method("CONNECT", "\r\n"),
        method("post", "Content-Length: 2\r\n\r\n{}"),
        method("M-SEARCH", "\r\n"),
        method("PROPFIND", "Content-Length: 2\r\n\r\n{}"),
        method("-X", "\r\n"),
        method("$(id)".replace(['(', ')'], "").as_str(), "\r\n"),
        method(token, "\r\n"),
        method(token, "Content-Length: 2\r\n\r\n{}"),
    ]
}

pub(crate) fn all() -> Vec<Case> {
    [ordinary(), bodies(), heads(), targets(), methods()].into_iter().flatten().collect()
}
