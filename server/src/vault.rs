//! Seals secrets for the store (XChaCha20-Poly1305), each bound to its endpoint and its id. Owns
//! the key and its file; knows nothing of the use of secrets.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{
    Key as CipherKey, KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use zeroize::{Zeroize as _, Zeroizing};

use hookglass_senders::signature::SigningSecret;
use hookglass_store::{EndpointId, SecretId};

/// The environment variable that may hold the key.
pub const KEY_VARIABLE: &str = "HOOKGLASS_SECRET_KEY";
/// A key's length.
const KEY_BYTES: usize = 32;
/// The permissions of group and others, in a file mode.
#[cfg(unix)]
const OTHERS: u32 = 0o077;
/// The length of the nonce at the start of a sealed secret.
const NONCE_BYTES: usize = 24;
/// Binds a sealed secret to this use and this version of the format.
const PURPOSE: &[u8] = b"hookglass secret 1";

/// The key that seals secrets: 32 bytes, written as base64.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; KEY_BYTES]>);

/// Invalid text for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("takes 32 bytes in base64, such as `openssl rand -base64 32` makes")]
pub struct SecretKeyError;

impl FromStr for SecretKey {
    type Err = SecretKeyError;

    fn from_str(text: &str) -> Result<Self, SecretKeyError> {
        let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| SecretKeyError)?);
        let bytes: [u8; KEY_BYTES] = bytes.as_slice().try_into().map_err(|_| SecretKeyError)?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey([redacted])")
    }
}

/// Why secrets cannot be sealed or opened.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// There are secrets, but no key.
    #[error(
        "the database holds secrets, but the key that opens them is gone: put {0} back, or give \
         its content as {KEY_VARIABLE}"
    )]
    Gone(PathBuf),
    /// The key is not the one that sealed them.
    #[error("{0} does not open the secrets in the database: put the right key back")]
    Wrong(String),
    /// The file holds something else.
    #[error("{0} holds no key: put the right file back, or move this one away if it is not needed")]
    Malformed(PathBuf),
    /// The file cannot be read or written.
    #[error("cannot use the key file {path}: {source}")]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: Arc<io::Error>,
    },
    /// Other users can read the file, and its mode cannot be changed.
    #[error(
        "others can use the key file {path}, and its mode cannot be changed ({source}): make it \
         readable by the user of Hookglass alone (chmod 600), or give its content as {KEY_VARIABLE}"
    )]
    Exposed {
        /// Its path.
        path: PathBuf,
        /// Why its mode cannot be changed.
        source: Arc<io::Error>,
    },
    /// The operating system has no random numbers.
    #[error("no random numbers")]
    Random,
}

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Vault(Arc<VaultInner>);

struct VaultInner {
    path: PathBuf,
    /// The place of the key, for messages.
    place: String,
    /// `None` until there is something to seal. Held while the key file is written, which happens
    /// once per database.
    key: Mutex<Option<SecretKey>>,
}

impl Vault {
    /// Uses the given key, otherwise the one in the file beside the database, if there is one.
    ///
    /// # Errors
    /// The file cannot be read, holds no key, or other users can read it and that cannot be
    /// changed.
    pub(crate) fn open(database: &Path, given: Option<SecretKey>) -> Result<Self, VaultError> {
        let mut path = database.as_os_str().to_owned();
        path.push(".key");
        let path = PathBuf::from(path);
        let (key, place) = match given {
            Some(key) => (Some(key), KEY_VARIABLE.to_owned()),
            None => (read(&path)?, path.display().to_string()),
        };
        Ok(Self(Arc::new(VaultInner { path, place, key: Mutex::new(key) })))
    }

    /// Checks that the stored secrets can be opened, by opening one.
    ///
    /// # Errors
    /// `Gone` or `Wrong`.
    pub(crate) fn check(
        &self,
        endpoint: EndpointId,
        id: SecretId,
        sealed: &[u8],
    ) -> Result<(), VaultError> {
        if self.key().is_none() {
            return Err(VaultError::Gone(self.0.path.clone()));
        }
        let opened = self.unseal(endpoint, id, sealed);
        opened.map(drop).ok_or_else(|| VaultError::Wrong(self.0.place.clone()))
    }

    /// Seals a secret. Creates a key and its file first if there is none yet.
    ///
    /// # Errors
    /// The file cannot be written, or there are no random numbers.
    pub(crate) fn seal(
        &self,
        endpoint: EndpointId,
        id: SecretId,
        secret: &SigningSecret,
    ) -> Result<Vec<u8>, VaultError> {
        let key = self.key_or_new()?;
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| VaultError::Random)?;
        let bound = bound(endpoint, id);
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: &bound };
        let sealed = cipher(&key)
            .encrypt(&XNonce::from(nonce), payload)
            // Only for texts that do not fit into memory.
            .map_err(|_| VaultError::Random)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens a secret; `None` if this key did not seal it for this endpoint and id.
    pub(crate) fn unseal(
        &self,
        endpoint: EndpointId,
        id: SecretId,
        sealed: &[u8],
    ) -> Option<SigningSecret> {
        let key = self.key()?;
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
        let payload = Payload { msg: sealed, aad: &bound(endpoint, id) };
        let opened = cipher(&key).decrypt(&XNonce::from(nonce), payload).ok()?;
        match String::from_utf8(opened) {
            Ok(text) => Some(SigningSecret::new(text)),
            Err(error) => {
                error.into_bytes().zeroize();
                None
            }
        }
    }

    fn key(&self) -> Option<SecretKey> {
        self.0.key.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn key_or_new(&self) -> Result<SecretKey, VaultError> {
        let mut kept = self.0.key.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = &*kept {
            return Ok(key.clone());
        }
        let mut bytes = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(bytes.as_mut_slice()).map_err(|_| VaultError::Random)?;
        let key = SecretKey(bytes);
        let failed = |source| VaultError::File { path: self.0.path.clone(), source };
        write(&self.0.path, &key).map_err(|error| failed(Arc::new(error)))?;
        *kept = Some(key.clone());
        Ok(key)
    }
}

fn cipher(key: &SecretKey) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&CipherKey::from(*key.0))
}

/// The context that a sealed secret is bound to.
fn bound(endpoint: EndpointId, id: SecretId) -> Vec<u8> {
    [PURPOSE, &endpoint.0.to_be_bytes(), id.as_bytes()].concat()
}

fn read(path: &Path) -> Result<Option<SecretKey>, VaultError> {
    let file = File::open(path).and_then(|mut file| {
        let mut text = Zeroizing::new(String::new());
        file.read_to_string(&mut text)?;
        Ok((file, text))
    });
    let read = match file {
        Ok((file, text)) => {
            shut(path, &file)?;
            Ok(text)
        }
        Err(error) => Err(error),
    };
    match read {
        Ok(text) => text.parse().map(Some).map_err(|_| VaultError::Malformed(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Err(VaultError::Malformed(path.to_owned()))
        }
        Err(error) => Err(VaultError::File { path: path.to_owned(), source: Arc::new(error) }),
    }
}

/// Removes the permissions of other users from the key file: with it and the database, anyone can
/// read the secrets.
#[cfg(unix)]
fn shut(path: &Path, file: &File) -> Result<(), VaultError> {
    use std::os::unix::fs::PermissionsExt as _;
    let failed = |source| VaultError::File { path: path.to_owned(), source: Arc::new(source) };
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let own = fs::Permissions::from_mode(mode & 0o777 & !OTHERS);
    file.set_permissions(own).map_err(|source| VaultError::Exposed {
        path: path.to_owned(),
        source: Arc::new(source),
    })?;
    tracing::warn!(
        file = %path.display(),
        mode = format!("{:o}", mode & 0o777),
        "others could use the key file; now only its owner can. If somebody did, replace the secrets"
    );
    Ok(())
}

#[cfg(not(unix))]
const fn shut(_: &Path, _: &File) -> Result<(), VaultError> {
    Ok(())
}

/// Writes the key to a file that only its owner can read, and syncs it before the key is used: if a
/// power cut took the key, its secrets would be lost.
fn write(path: &Path, key: &SecretKey) -> io::Result<()> {
    let mut started = path.as_os_str().to_owned();
    started.push(".new");
    let started = PathBuf::from(started);
    // A file from an earlier crash, or from somebody else, may be readable by others.
    match fs::remove_file(&started) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&started)?;
    let text = Zeroizing::new(format!("{}\n", STANDARD.encode(key.0.as_slice())));
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&started, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault(folder: &Path) -> Vault {
        Vault::open(&folder.join("x.db"), None).unwrap()
    }

    fn secret() -> SigningSecret {
        SigningSecret::new("whsec_abc ä".to_owned())
    }

    #[test]
    fn a_secret_opens_only_where_it_was_sealed_for() {
        let folder = tempfile::tempdir().unwrap();
        let vault = vault(folder.path());
        let (one, other) = (SecretId::random(), SecretId::random());
        let sealed = vault.seal(EndpointId(1), one, &secret()).unwrap();
        let opened = vault.unseal(EndpointId(1), one, &sealed).unwrap();
        assert_eq!(opened.reveal(), secret().reveal());
        assert!(vault.unseal(EndpointId(2), one, &sealed).is_none());
        assert!(vault.unseal(EndpointId(1), other, &sealed).is_none());
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(vault.unseal(EndpointId(1), one, &changed).is_none(), "{at}");
            assert!(vault.unseal(EndpointId(1), one, &sealed[..at]).is_none(), "{at}");
        }
        let again = vault.seal(EndpointId(1), one, &secret()).unwrap();
        assert_ne!(again, sealed, "no nonce is used twice");
    }

    #[test]
    fn a_key_is_made_with_the_first_secret_and_kept_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db.key");
        let id = SecretId::random();
        let first = vault(folder.path());
        assert!(!path.exists(), "nobody needs it yet");
        let sealed = first.seal(EndpointId(1), id, &secret()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(vault(folder.path()).unseal(EndpointId(1), id, &sealed).is_some());

        let given: SecretKey = fs::read_to_string(&path).unwrap().parse().unwrap();
        fs::remove_file(&path).unwrap();
        let without = vault(folder.path());
        let told = without.check(EndpointId(1), id, &sealed).unwrap_err().to_string();
        assert!(told.contains(path.to_str().unwrap()) && told.contains(KEY_VARIABLE), "{told}");
        let by_variable = Vault::open(&folder.path().join("x.db"), Some(given)).unwrap();
        by_variable.check(EndpointId(1), id, &sealed).unwrap();
        let other: SecretKey = STANDARD.encode([7; KEY_BYTES]).parse().unwrap();
        let wrong = Vault::open(&folder.path().join("x.db"), Some(other)).unwrap();
        let told = wrong.check(EndpointId(1), id, &sealed).unwrap_err().to_string();
        assert!(told.contains(KEY_VARIABLE), "{told}");
        fs::write(&path, "nonsense").unwrap();
        let told = Vault::open(&folder.path().join("x.db"), None).err().unwrap().to_string();
        assert!(told.contains(path.to_str().unwrap()), "{told}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_use_is_shut() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.db.key");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let open_to = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        // A file from before a crash is readable by all: the key must not go into it.
        let started = folder.path().join("x.db.key.new");
        fs::write(&started, "").unwrap();
        open_to(&started, 0o666);
        let id = SecretId::random();
        let sealed = vault(folder.path()).seal(EndpointId(1), id, &secret()).unwrap();
        assert_eq!((mode(&path), started.exists()), (0o600, false));

        for (before, after) in [
            (0o644, 0o600),
            (0o640, 0o600),
            (0o604, 0o600),
            (0o620, 0o600),
            (0o444, 0o400),
            (0o400, 0o400),
        ] {
            open_to(&path, before);
            assert!(vault(folder.path()).unseal(EndpointId(1), id, &sealed).is_some());
            assert_eq!(mode(&path), after, "{before:o}");
        }
    }

    #[test]
    fn a_key_is_32_bytes_and_shows_nowhere() {
        for bad in ["", "abc", "AAAA", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            assert!(bad.parse::<SecretKey>().is_err(), "{bad}");
        }
        let key: SecretKey = STANDARD.encode([1; 32]).parse().unwrap();
        assert_eq!(format!("{key:?}"), "SecretKey([redacted])");
    }
}
