//! The specification as Rust: generated from `wit/`, once for what a driver imports and once for each
//! interface it can export.
//!
//! One world for each export interface, because a generated export macro asks for all of its world: the
//! encoder of components merges the worlds whose macros were used, so a driver exports only what it has.

#![allow(missing_docs, reason = "generated; the specification in `wit/` documents every item")]

/// What every driver may call, and the types of the specification.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit",
        world: "imports",
        additional_derives: [PartialEq],
        generate_all,
    });
}

/// The export `driver`, which every driver has.
pub mod driver {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package jackfield:sdk-driver; world exports-driver { export jackfield:channel/driver@0.9.0; }",
        with: { "jackfield:channel/message@0.9.0": crate::bindings::imports::jackfield::channel::message },
        generate_all,
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_driver",
        default_bindings_module: "jackfield_sdk::bindings::driver",
    });
}

/// The export `webhook`.
pub mod webhook {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package jackfield:sdk-webhook; world exports-webhook { export jackfield:channel/webhook@0.9.0; }",
        with: {
            "jackfield:channel/message@0.9.0": crate::bindings::imports::jackfield::channel::message,
            "jackfield:channel/peer@0.9.0": crate::bindings::imports::jackfield::channel::peer,
            "jackfield:channel/http-types@0.9.0": crate::bindings::imports::jackfield::channel::http_types,
        },
        generate_all,
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_webhook",
        default_bindings_module: "jackfield_sdk::bindings::webhook",
    });
}

/// The export `timer`.
pub mod timer {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package jackfield:sdk-timer; world exports-timer { export jackfield:channel/timer@0.9.0; }",
        with: { "jackfield:channel/message@0.9.0": crate::bindings::imports::jackfield::channel::message },
        generate_all,
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_timer",
        default_bindings_module: "jackfield_sdk::bindings::timer",
    });
}

/// The export `%stream`.
pub mod stream {
    wit_bindgen::generate!({
        path: "../../wit",
        inline: "package jackfield:sdk-stream; world exports-stream { export jackfield:channel/%stream@0.9.0; }",
        with: {
            "jackfield:channel/message@0.9.0": crate::bindings::imports::jackfield::channel::message,
            "jackfield:channel/peer@0.9.0": crate::bindings::imports::jackfield::channel::peer,
            "jackfield:channel/connection-types@0.9.0":
                crate::bindings::imports::jackfield::channel::connection_types,
        },
        generate_all,
        additional_derives: [PartialEq],
        pub_export_macro: true,
        export_macro_name: "export_stream",
        default_bindings_module: "jackfield_sdk::bindings::stream",
    });
}
