//! RSA signatures as PayPal makes them: PKCS #1 v1.5 with SHA-256 (RFC 8017 §8.2.2), checked with
//! the key of a certificate that the owner pastes. Only public numbers are handled.

use crypto_bigint::{
    BoxedUint, Odd, Resize as _,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use sha2::{Digest as _, Sha256};
use x509_cert::der::{Decode as _, DecodePem as _, Reader as _, asn1::UintRef};

/// The DER of `DigestInfo` for SHA-256 up to the hash itself (RFC 8017 §9.2).
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];
/// The shortest and the longest accepted modulus, in bytes.
const MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;
/// The longest accepted public exponent, in bytes.
const EXPONENT_BYTES: usize = 8;

/// An RSA public key.
pub(super) struct PublicKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// The secret that an owner pastes for PayPal.
pub(super) struct Certificate {
    /// The webhook's id, which is part of the signed content.
    pub(super) webhook_id: String,
    pub(super) key: PublicKey,
}

impl Certificate {
    /// Reads the id on the first line and the first certificate after it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let (webhook_id, rest) = text.split_once(['\n', '\r'])?;
        let webhook_id = webhook_id.trim();
        if webhook_id.is_empty() || webhook_id.starts_with("-----") {
            return None;
        }
        let start = rest.find("-----BEGIN CERTIFICATE-----")?;
        let end = rest.find("-----END CERTIFICATE-----")? + "-----END CERTIFICATE-----".len();
        let pem = rest.get(start..end)?.replace('\r', "");
        let certificate = x509_cert::Certificate::from_pem(pem).ok()?;
        let info = certificate.tbs_certificate().subject_public_key_info();
        let key = PublicKey::from_der(info.subject_public_key.as_bytes()?)?;
        Some(Self { webhook_id: webhook_id.to_owned(), key })
    }
}

impl PublicKey {
    /// Parses an `RSAPublicKey` (RFC 8017 §A.1.1).
    fn from_der(der: &[u8]) -> Option<Self> {
        let mut reader = x509_cert::der::SliceReader::new(der).ok()?;
        let key = reader
            .sequence(|inner| {
                let modulus = UintRef::decode(inner)?;
                let exponent = UintRef::decode(inner)?;
                Ok::<_, x509_cert::der::Error>(Self {
                    modulus: modulus.as_bytes().to_vec(),
                    exponent: exponent.as_bytes().to_vec(),
                })
            })
            .ok()?;
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        // With an exponent of one everything is its own signature.
        let is_fine = MODULUS_BYTES.contains(&key.modulus.len())
            && (1..=EXPONENT_BYTES).contains(&key.exponent.len())
            && key.exponent != [1]
            && is_odd(&key.exponent)
            && is_odd(&key.modulus);
        is_fine.then_some(key)
    }

    /// Whether this key made the signature of the message.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.opened(signature).is_some_and(|opened| opened == self.padded(message))
    }

    /// Raises the signature to the public exponent; the result is as long as the modulus.
    fn opened(&self, signature: &[u8]) -> Option<Vec<u8>> {
        if signature.len() != self.modulus.len() {
            return None;
        }
        let bits = u32::try_from(self.modulus.len()).ok()?.checked_mul(8)?;
        let number = |bytes: &[u8]| BoxedUint::from_be_slice(bytes, bits).ok();
        let modulus = number(&self.modulus)?;
        let signature = number(signature)?;
        if signature >= modulus {
            return None;
        }
        let exponent_bits = u32::try_from(self.exponent.len()).ok()?.checked_mul(8)?;
        let exponent = BoxedUint::from_be_slice(&self.exponent, exponent_bits).ok()?;
        let modulus = Option::<Odd<BoxedUint>>::from(Odd::new(modulus))?;
        let precision = modulus.bits_precision();
        let params = BoxedMontyParams::new_vartime(modulus);
        let opened =
            BoxedMontyForm::new(signature.resize(precision), &params).pow(&exponent).retrieve();
        let bytes = opened.to_be_bytes();
        let start = bytes.len().checked_sub(self.modulus.len())?;
        bytes.get(start..).map(<[u8]>::to_vec)
    }

    /// Returns `00 01 ff … 00 DigestInfo`, as long as the modulus (RFC 8017 §9.2).
    fn padded(&self, message: &[u8]) -> Vec<u8> {
        let hash = Sha256::digest(message);
        let filled = self.modulus.len().saturating_sub(3 + SHA256_INFO.len() + hash.len());
        let mut padded = vec![0, 1];
        padded.resize(2 + filled, 0xff);
        padded.push(0);
        padded.extend_from_slice(&SHA256_INFO);
        padded.extend_from_slice(&hash);
        padded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes an `RSAPublicKey` of these numbers.
    fn der(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
        let number = |bytes: &[u8]| {
            let length = u16::try_from(bytes.len() + 1).unwrap().to_be_bytes();
            [&[2, 0x82], &length[..], &[0], bytes].concat()
        };
        let short = |bytes: &[u8]| [&[2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let numbers = [number(modulus), short(exponent)].concat();
        let length = u16::try_from(numbers.len()).unwrap().to_be_bytes();
        [&[0x30, 0x82], &length[..], &numbers].concat()
    }

    #[test]
    fn a_key_for_which_anybody_can_sign_is_refused() {
        let modulus = [0xff; 256];
        assert!(PublicKey::from_der(&der(&modulus, &[1, 0, 1])).is_some());
        assert!(PublicKey::from_der(&der(&modulus, &[3])).is_some());
        for exponent in [&[1][..], &[0], &[2], &[1, 0, 0]] {
            assert!(PublicKey::from_der(&der(&modulus, exponent)).is_none(), "{exponent:?}");
        }
        let even = [&[0xff; 255][..], &[0xfe]].concat();
        assert!(PublicKey::from_der(&der(&even, &[1, 0, 1])).is_none());
    }
}
