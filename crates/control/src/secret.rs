//! The job's secret.

use serde::{Deserialize, Serialize};

/// 32 random bytes that only the job's processes know. It travels by inherited descriptors alone; it is not shown by
/// `Debug`, compared in constant time, and overwritten when dropped.
#[derive(Clone, Serialize, Deserialize)]
pub struct Secret(pub [u8; 32]);

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When the kernel gives no random bytes.
    pub fn random() -> std::io::Result<Secret> {
        let mut secret = Secret([0; 32]);
        os::random::fill(&mut secret.0)?;
        Ok(secret)
    }

    /// A key for one purpose, which `context` names and nothing else may use. It does not give away the secret.
    pub fn key(&self, context: &str) -> Secret {
        Secret(blake3::derive_key(context, &self.0))
    }

    /// A message authentication code of the parts together (their boundaries are not part of it: fixed lengths only).
    pub fn mac(&self, parts: &[&[u8]]) -> Mac {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        parts.iter().for_each(|part| {
            hasher.update(part);
        });
        Mac(hasher.finalize())
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        self.0.fill(0);
        // Keeps the store from being seen as dead.
        std::hint::black_box(&mut self.0);
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secret(..)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        // Two hashes compare in constant time.
        blake3::Hash::from_bytes(self.0) == blake3::Hash::from_bytes(other.0)
    }
}

impl Eq for Secret {}

/// A message authentication code. Equality takes the same time whatever differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(blake3::Hash);

impl Mac {
    /// Its size in bytes.
    pub const BYTES: usize = 32;

    /// What was received as a code.
    pub fn from_bytes(bytes: [u8; Mac::BYTES]) -> Mac {
        Mac(blake3::Hash::from_bytes(bytes))
    }

    /// As it is sent.
    pub fn as_bytes(&self) -> &[u8; Mac::BYTES] {
        self.0.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_never_shown_and_never_the_same() {
        let (a, b) = (Secret::random().unwrap(), Secret::random().unwrap());
        assert_eq!(format!("{a:?}"), "Secret(..)");
        assert_ne!(a, b);
        assert_eq!(a, a.clone());
    }

    #[test]
    fn keys_and_codes_depend_on_everything() {
        let (a, b) = (Secret([1; 32]), Secret([2; 32]));
        assert_eq!(a.key("one"), a.key("one"));
        assert_ne!(a.key("one"), a.key("two"));
        assert_ne!(a.key("one"), b.key("one"));
        assert_eq!(a.mac(&[b"ab", b"c"]), a.mac(&[b"a", b"bc"]));
        assert_ne!(a.mac(&[b"abc"]), a.mac(&[b"abd"]));
        assert_ne!(a.mac(&[b"abc"]), b.mac(&[b"abc"]));
    }
}
