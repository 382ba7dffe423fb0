//! The QR code of an endpoint's URL, read back by a decoder.

use crate::common::TestServer;

/// Pixels per module.
const SCALE: usize = 4;

/// Reads one of our pictures as a camera would: black runs `M{x} {y}h{length}v1h-{length}z` on
/// white.
fn read(svg: &str) -> String {
    let side: usize =
        svg.split_once("viewBox=\"0 0 ").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    let black = svg.rsplit_once("d=\"").unwrap().1.split('"').next().unwrap();
    let mut dark = vec![false; side * side];
    for run in black.split('M').skip(1) {
        let (x, rest) = run.split_once(' ').unwrap();
        let (y, rest) = rest.split_once('h').unwrap();
        let (length, _) = rest.split_once('v').unwrap();
        let start = y.parse::<usize>().unwrap() * side + x.parse::<usize>().unwrap();
        dark[start..start + length.parse::<usize>().unwrap()].fill(true);
    }
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, |x, y| {
            if dark[y / SCALE * side + x / SCALE] { 0 } else { 255 }
        });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "{svg}");
    grids[0].decode().unwrap().1
}

#[tokio::test]
async fn the_picture_holds_the_url_as_the_caller_sees_it() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}/qr");
    let answer = owner.get(&path).await;
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert_eq!(answer.header("x-content-type-options"), "nosniff");
    assert!(answer.header("content-security-policy").starts_with("sandbox; default-src 'none'"));
    assert_eq!(read(&answer.text()), format!("http://{}/{id}", server.address()));
    let elsewhere = owner.with("host", "hooks.lan:8080").get(&path).await;
    assert_eq!(read(&elsewhere.text()), format!("http://hooks.lan:8080/{id}"));
}

#[tokio::test]
async fn the_picture_holds_the_public_url_where_there_is_one() {
    let server = TestServer::with(&["--public-url", "https://hooks.example.com"]).await;
    let (owner, id) = server.owner().await;
    let answer = owner.get(&format!("/api/endpoints/{id}/qr")).await;
    assert_eq!(read(&answer.text()), format!("https://hooks.example.com/{id}"));
}

#[tokio::test]
async fn the_picture_is_for_its_owner_alone() {
    let server = TestServer::start().await;
    let (_, id) = server.owner().await;
    let (other, _) = server.owner().await;
    for caller in [server.stranger(), other] {
        let answer = caller.get(&format!("/api/endpoints/{id}/qr")).await;
        assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (404, "not-found"));
    }
}
