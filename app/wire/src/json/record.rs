//! Reads objects into the fields of a type, and names into its variants. The macros here tell a type's
//! names; a field that they leave out or say too much, the compiler refuses, and that each has the name
//! and is needed as serde has it, `tests/json.rs` holds.

use super::{Readable, Reader, Unreadable};

/// Makes a type with named fields readable out of an object: first the fields that have to be
/// there, then, after a semicolon, those that are blank where they are missing, as serde's `default`
/// and `Option` have it. What serde renames or flattens is written out by hand.
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

/// Makes a type whose variants are plain names readable out of a string. The first is its blank.
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
                // Refuses to compile where a variant is left out.
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
    /// Reads an object whose members go to `slots`, in the order in which `needed` and then `spare`
    /// name them, separated by spaces. Members of other names are passed over. Of all that are
    /// named, 32 at most, none may come twice, and those that are needed must come.
    #[inline(never)]
    ///
    /// # Errors
    /// It is no such object.
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

    /// Reads a string that is one of `names`, which spaces separate: which one, from 0.
    #[inline(never)]
    pub(crate) fn choice(&mut self, names: &str) -> Result<usize, Unreadable> {
        let name = self.string()?;
        names.split_ascii_whitespace().position(|known| known == name).ok_or(Unreadable)
    }
}
