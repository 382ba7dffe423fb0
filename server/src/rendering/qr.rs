//! QR codes as SVG (ISO/IEC 18004). Pure.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// The white border that readers need, in modules (ISO/IEC 18004 §5.3.8).
const QUIET_MODULES: usize = 4;

/// Returns a QR code of `text`, black on white in any theme; `None` if the text is too long.
pub(crate) fn svg(text: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let side = code.width() + 2 * QUIET_MODULES;
    let mut path = String::new();
    for (y, row) in code.to_colors().chunks(code.width()).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                let (left, top, length) = (x + QUIET_MODULES, y + QUIET_MODULES, run.len());
                write!(path, "M{left} {top}h{length}v1h-{length}z").ok()?;
            }
            x += run.len();
        }
    }
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
         <path d=\"{path}\"/></svg>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_has_no_picture() {
        assert!(svg(&"a".repeat(2_331)).is_some());
        assert!(svg(&"a".repeat(2_332)).is_none());
    }
}
