//! Writes messages (<https://protobuf.dev/programming-guides/encoding/>).

/// A message being written. Fields with default values are left out, as in proto3.
#[derive(Debug, Default)]
pub struct Message(Vec<u8>);

impl Message {
    /// The serialised message.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A text. Bytes that are not UTF-8 become U+FFFD.
    pub fn text(&mut self, field: u32, text: &[u8]) -> &mut Self {
        if !text.is_empty() {
            self.bytes(field, String::from_utf8_lossy(text).as_bytes());
        }
        self
    }

    /// A number of any unsigned type, an enum, or a `bool`.
    pub fn number(&mut self, field: u32, number: u64) -> &mut Self {
        if number != 0 {
            self.tag(field, 0);
            self.varint(number);
        }
        self
    }

    /// A message within this one, written even if it is empty.
    pub fn message(&mut self, field: u32, write: impl FnOnce(&mut Message)) -> &mut Self {
        let mut inner = Message::default();
        write(&mut inner);
        self.bytes(field, &inner.0);
        self
    }

    /// An entry of a map of texts.
    pub fn entry(&mut self, field: u32, key: &[u8], value: &[u8]) -> &mut Self {
        self.message(field, |entry| {
            entry.text(1, key).text(2, value);
        })
    }

    fn bytes(&mut self, field: u32, bytes: &[u8]) {
        self.tag(field, 2);
        self.varint(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.extend_from_slice(bytes);
    }

    fn tag(&mut self, field: u32, wire: u32) {
        self.varint(u64::from(field) << 3 | u64::from(wire));
    }

    fn varint(&mut self, mut number: u64) {
        loop {
            let [byte, ..] = number.to_le_bytes();
            number >>= 7;
            if number == 0 {
                self.0.push(byte & 0x7f);
                return;
            }
            self.0.push(byte | 0x80);
        }
    }
}
