//! Drivers in WebAssembly text: a sound one, of which a test changes single places.

use jackfield_spec::wit_resolve;
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// The places that can be changed. Every body has to leave what its function returns.
#[derive(Clone)]
pub(crate) struct Text {
    /// Pages of memory at the start.
    pub(crate) pages: u32,
    /// More fields of the module.
    pub(crate) fields: &'static str,
    /// Bytes laid over the descriptor, from an offset.
    pub(crate) overlay: (u32, &'static [u8]),
    /// `describe`: the address of the descriptor.
    pub(crate) describe: &'static str,
    /// `configure`: the address of its result.
    pub(crate) configure: &'static str,
    /// What is called when the host has read that.
    pub(crate) after_configure: &'static str,
    /// `timer.fired`: the address of its result.
    pub(crate) fired: &'static str,
    /// `cabi_realloc(old, old size, alignment, size)`: an address.
    pub(crate) realloc: &'static str,
}

/// A driver that does nothing wrong.
pub(crate) const SOUND: Text = Text {
    pages: 4,
    fields: "",
    overlay: (0, &[]),
    describe: "(i32.const 1024)",
    configure: "(i32.const 3000)",
    after_configure: "",
    fired: "(i32.const 3100)",
    // From the third page on, and again from there: what a call was given is of no use after it.
    realloc: "(if (i32.gt_u (global.get $next) (i32.const 200000)) (then (global.set $next (i32.const 131072))))
        (global.get $next)
        (global.set $next (i32.and (i32.add (i32.add (global.get $next) (local.get 3)) (i32.const 15)) (i32.const -16)))",
};

/// The descriptor at 1024, its only media type at 1200, its texts from 2000 on. All else is 0, which is also how a
/// result says that it is ok.
fn memory(overlay: (u32, &[u8])) -> Vec<u8> {
    let mut memory = vec![0; 2_100];
    let mut texts = 2_000;
    let mut text = |memory: &mut Vec<u8>, text: &str| {
        let at = texts;
        memory[at..at + text.len()].copy_from_slice(text.as_bytes());
        texts += text.len().next_multiple_of(8);
        [at as u32, text.len() as u32]
    };
    let nothing = [8, 0];
    let named = text(&mut memory, "text");
    let version = text(&mut memory, "1.0.0");
    let schema = text(&mut memory, "{}");
    let noise = text(&mut memory, "noise");
    // name, version, vendor, title, media-types, interactions, commands, settings-schema, secrets, capabilities,
    // instances, headers, limits, attributes
    let fields = [
        named,
        version,
        named,
        named,
        [1_200, 1],
        nothing,
        nothing,
        schema,
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
    ];
    let media = [noise, [0, 0], [0, 0], [0, 0], nothing];
    for (at, words) in [(1_024, fields.as_slice()), (1_200, media.as_slice())] {
        for (index, word) in words.as_flattened().iter().enumerate() {
            memory[at + index * 4..][..4].copy_from_slice(&word.to_le_bytes());
        }
    }
    let (at, bytes) = overlay;
    memory[at as usize..][..bytes.len()].copy_from_slice(bytes);
    memory
}

impl Text {
    /// The component.
    pub(crate) fn component(&self) -> Vec<u8> {
        let Self { pages, fields, overlay, describe, configure, after_configure, fired, realloc } = self;
        let data: String = memory(*overlay).iter().map(|byte| format!("\\{byte:02x}")).collect();
        let text = format!(
            r#"(module
            (import "jackfield:channel/log@0.9.0" "write" (func $log (param i32 i32 i32 i32 i32)))
            (import "jackfield:channel/blobs@0.9.0" "create" (func $create (param i32)))
            (memory (export "memory") {pages})
            (table $table 1 funcref)
            (global $next (mut i32) (i32.const 131072))
            (data (i32.const 0) "{data}")
            {fields}
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
            (func (export "jackfield:channel/driver@0.9.0#describe") (result i32) {describe})
            (func (export "jackfield:channel/driver@0.9.0#configure")
                (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) {configure})
            (func (export "cabi_post_jackfield:channel/driver@0.9.0#configure") (param i32) {after_configure})
            (func (export "jackfield:channel/driver@0.9.0#deliver") (param i32) (result i32) unreachable)
            (func (export "jackfield:channel/timer@0.9.0#fired")
                (param i32 i32 i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32) {fired}))"#
        );
        component(&text, wit_resolve(), "polling-driver")
    }
}

/// A driver of the next version: it answers with nothing, and fails where it is told that a request comes again.
pub(crate) fn next() -> Vec<u8> {
    let data: String = memory((0, &[])).iter().map(|byte| format!("\\{byte:02x}")).collect();
    // A failure's case has its code (8 bytes long, at 3300) behind the discriminant, and nothing else.
    let text = format!(
        r#"(module
        (memory (export "memory") 4)
        (global $next (mut i32) (i32.const 131072))
        (data (i32.const 0) "{data}")
        (data (i32.const 3300) "conflict")
        (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) {realloc})
        (func (export "jackfield:channel/driver@0.10.0#describe") (result i32) (i32.const 1024))
        (func (export "jackfield:channel/driver@0.10.0#configure")
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32) (i32.const 3000))
        (func (export "jackfield:channel/driver@0.10.0#deliver") (param i32) (result i32) unreachable)
        (func (export "jackfield:channel/webhook@0.10.0#receive") (param i32) (result i32)
            (i32.store8 (i32.const 3200) (i32.shl (i32.load8_u (local.get 0)) (i32.const 1)))
            (i32.store (i32.const 3204) (i32.const 3300))
            (i32.store (i32.const 3208) (i32.const 8))
            (i32.const 3200)))"#,
        realloc = SOUND.realloc,
    );
    component(&text, &super::next::RESOLVE, "next-driver")
}

fn component(text: &str, resolve: &Resolve, world: &str) -> Vec<u8> {
    let mut module = wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let (world, _) = resolve.worlds.iter().find(|(_, known)| known.name == world).expect("the world");
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).expect("it can be described");
    let encoder = ComponentEncoder::default().module(&module).expect("the module is sound");
    encoder.validate(true).encode().expect("it can be encoded")
}
