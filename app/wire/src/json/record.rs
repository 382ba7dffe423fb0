//! Reads objects into the fields of a type, and names into its variants. The macros here list a
//! type's field names; the compiler rejects a missing or unknown field, and `tests/json.rs` checks
//! that names and required fields match serde's.

use super::{Readable, Reader, Unreadable};

/// Makes a type with named fields readable from an object: first the required fields, then, after a
/// semicolon, those that are blank if they are missing, as with serde's `default` and `Option`.
/// Fields that serde renames or flattens are written by hand.
#[macro_export]
macro_rules! record {
    ($type:ident { $($needed:ident),*; $($spare:ident),* }) => {
        impl $crate::json::Readable for $type {
            #[inline(never)]
            fn blank() -> Self {
                Self {
                    $($needed: $crate::json::Readable::blank(),)*
                    $($spare: $crate::json::Readable::blank(),)*
                }
            }

            fn read(
                &mut self,
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<(), $crate::json::Unreadable> {
                let Self { $($needed,)* $($spare,)* } = self;
                reader.object(
                    concat!($(stringify!($needed), " ",)*),
                    concat!($(stringify!($spare), " ",)*),
                    &mut [$($needed,)* $($spare,)*],
                )
            }
        }
    };
}

/// Makes a type whose variants are plain names readable from a string. The first variant is its
/// blank.
macro_rules! choice {
    ($type:ident { $first:literal $First:ident, $($name:literal $Variant:ident),* }) => {
        impl $crate::json::Readable for $type {
            fn blank() -> Self {
                Self::$First
            }

            fn read(
                &mut self,
                reader: &mut $crate::json::Reader<'_>,
            ) -> Result<(), $crate::json::Unreadable> {
                // Fails to compile if a variant is left out.
                match self {
                    Self::$First $(| Self::$Variant)* => {}
                }
                let place = reader.choice(concat!($first $(, " ", $name)*));
                let all = [Self::$First $(, Self::$Variant)*];
                *self = *all.get(place?).ok_or($crate::json::Unreadable)?;
                Ok(())
            }
        }
    };
}

pub use record;

pub(crate) use choice;

impl Reader<'_> {
    /// Reads an object's members into `slots`, in the order of `needed` and then `spare`, which
    /// list the names separated by spaces. Skips members of other names. At most 32 names; no named
    /// member may occur twice, and all needed ones must occur.
    #[inline(never)]
    ///
    /// # Errors
    /// The value is not such an object.
    pub fn object(
        &mut self,
        needed: &str,
        spare: &str,
        slots: &mut [&mut dyn Readable],
    ) -> Result<(), Unreadable> {
        debug_assert!(slots.len() <= 32, "a bit for each");
        let mut seen = 0_u32;
        let mut is_first = true;
        self.enter(b'{')?;
        while self.another(&mut is_first, b'}')? {
            let name = self.string()?;
            self.expect(b':')?;
            let mut names = needed.split_ascii_whitespace().chain(spare.split_ascii_whitespace());
            let place = names.position(|known| known == name);
            match place.and_then(|place| Some((1 << place, slots.get_mut(place)?))) {
                Some((bit, _)) if seen & bit != 0 => return Err(Unreadable),
                Some((bit, slot)) => {
                    seen |= bit;
                    slot.read(self)?;
                }
                None => self.skip()?,
            }
        }
        let all = needed.split_ascii_whitespace().fold(0, |all, _| all << 1 | 1);
        if seen & all == all { Ok(()) } else { Err(Unreadable) }
    }

    /// Reads a string that is one of `names`, separated by spaces; returns its index, from 0.
    #[inline(never)]
    pub(crate) fn choice(&mut self, names: &str) -> Result<usize, Unreadable> {
        let name = self.string()?;
        names.split_ascii_whitespace().position(|known| known == name).ok_or(Unreadable)
    }
}
