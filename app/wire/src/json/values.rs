//! Reads plain values, and lists and enums of other values.

use super::{Readable, Reader, Unreadable};

impl Readable for bool {
    fn blank() -> Self {
        false
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = reader.boolean()?;
        Ok(())
    }
}

impl Readable for i64 {
    fn blank() -> Self {
        0
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = reader.digits()?.parse().map_err(|_| Unreadable)?;
        Ok(())
    }
}

impl Readable for u64 {
    fn blank() -> Self {
        0
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = reader.digits()?.parse().map_err(|_| Unreadable)?;
        Ok(())
    }
}

impl Readable for u32 {
    fn blank() -> Self {
        0
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = narrow(reader)?;
        Ok(())
    }
}

impl Readable for u16 {
    fn blank() -> Self {
        0
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = narrow(reader)?;
        Ok(())
    }
}

/// Reads a number via the widest type, so that the code for digits exists only once.
fn narrow<N: TryFrom<u64>>(reader: &mut Reader<'_>) -> Result<N, Unreadable> {
    let mut number = 0_u64;
    number.read(reader)?;
    N::try_from(number).map_err(|_| Unreadable)
}

impl Readable for String {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        *self = reader.string()?.into_owned();
        Ok(())
    }
}

impl<T: Readable> Readable for Option<T> {
    fn blank() -> Self {
        None
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        if reader.null() {
            *self = None;
            return Ok(());
        }
        self.insert(T::blank()).read(reader)
    }
}

impl<T: Readable> Readable for Vec<T> {
    fn blank() -> Self {
        Self::new()
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        self.clear();
        reader.list(self)
    }
}

impl<A: Readable, B: Readable> Readable for (A, B) {
    fn blank() -> Self {
        (A::blank(), B::blank())
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        reader.tuple(&mut [&mut self.0, &mut self.1])
    }
}

/// In serde's form: an object with one member, `Ok` or `Err`.
impl<T: Readable, E: Readable> Readable for Result<T, E> {
    fn blank() -> Self {
        Err(E::blank())
    }

    fn read(&mut self, reader: &mut Reader<'_>) -> Result<(), Unreadable> {
        reader.enter(b'{')?;
        *self = match reader.choice("Ok Err")? {
            0 => Ok(T::blank()),
            _ => Err(E::blank()),
        };
        reader.expect(b':')?;
        match self {
            Ok(value) => value.read(reader)?,
            Err(error) => error.read(reader)?,
        }
        reader.leave(b'}')
    }
}

/// A list that is being read.
trait Grow {
    /// Appends a blank element to read into.
    fn grow(&mut self) -> Option<&mut dyn Readable>;
}

impl<T: Readable> Grow for Vec<T> {
    fn grow(&mut self) -> Option<&mut dyn Readable> {
        self.push(T::blank());
        self.last_mut().map(|last| last as &mut dyn Readable)
    }
}

impl Reader<'_> {
    #[inline(never)]
    fn list(&mut self, list: &mut dyn Grow) -> Result<(), Unreadable> {
        let mut is_first = true;
        self.enter(b'[')?;
        while self.another(&mut is_first, b']')? {
            list.grow().ok_or(Unreadable)?.read(self)?;
        }
        Ok(())
    }

    /// Reads an array of exactly these elements.
    #[inline(never)]
    pub(crate) fn tuple(&mut self, slots: &mut [&mut dyn Readable]) -> Result<(), Unreadable> {
        let mut is_first = true;
        self.enter(b'[')?;
        for slot in slots {
            if !self.another(&mut is_first, b']')? {
                return Err(Unreadable);
            }
            slot.read(self)?;
        }
        self.leave(b']')
    }
}
