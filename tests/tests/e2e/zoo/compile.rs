//! Components that are harmless to run and terrible to compile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jackfield_spec::wit_resolve;
use jackfield_tests::{Server, Setup, eventually};
use wasm_encoder::{
    BlockType, CodeSection, ComponentSectionId, Encode, Function, FunctionSection, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, dummy_module, embed_component_metadata};
use wit_parser::{LiftLowerAbi, ManglingAndAbi};

use super::{channel, neighbour};

/// Variables of a function.
const LOCALS: u32 = 500;

/// A component with all that a driver must have, and a module beside it of so many functions with so many branches.
fn bomb(functions: u32, branches: u32) -> Vec<u8> {
    let resolve = wit_resolve();
    let (world, _) = resolve.worlds.iter().find(|(_, world)| world.name == "driver-only").expect("the world");
    let mut core = dummy_module(resolve, world, ManglingAndAbi::Legacy(LiftLowerAbi::Sync));
    embed_component_metadata(&mut core, resolve, world, StringEncoding::UTF8).expect("it can be described");
    let encoder = ComponentEncoder::default().module(&core).expect("the module is sound");
    let mut component = encoder.validate(true).encode().expect("it can be encoded");
    component.push(ComponentSectionId::CoreModule.into());
    module(functions, branches).encode(&mut component);
    component
}

fn module(functions: u32, branches: u32) -> Vec<u8> {
    let (mut types, mut declared, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([ValType::I32], [ValType::I32]);
    for _ in 0..functions {
        declared.function(0);
        let mut function = Function::new([(LOCALS, ValType::I32)]);
        let mut write = function.instructions();
        for branch in 0..branches {
            // Each leaves the compiler with one more value that may be any of two.
            write.local_get(branch % LOCALS).if_(BlockType::Empty);
            write.local_get(branch * 7 % LOCALS).i32_const(i32::MAX).i32_rem_s().local_set(branch % LOCALS + 1).end();
        }
        write.local_get(0).end();
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module.finish()
}

/// Puts the bomb before a server that runs, and returns why its channel is not served.
async fn refused(limits: &str, bomb: Vec<u8>) -> String {
    let setup = Setup::simple(&["ana"]).webhook("forms", "").server(limits);
    let mut server = Server::start(setup.clone()).await;
    let stop = Arc::new(AtomicBool::new(false));
    let asked = tokio::spawn(neighbour(server.http(), "beside".to_owned(), stop.clone()));
    std::fs::write(server.drivers().join("bomb.wasm"), bomb).expect("the driver's file");
    server.configure(setup.text("[[channel]]\nid = \"bomb\"\ndriver = \"bomb\""));
    server.hang_up();
    let detail = eventually("the bomb is refused", async || {
        let list = server.operator().get("/v1/channels").await.expect(200).json();
        list.to_string().contains("\"bomb\"").then_some(())?;
        channel(&server, "bomb").await["detail"].as_str().map(str::to_owned)
    })
    .await;
    stop.store(true, Ordering::Relaxed);
    let answered = asked.await.expect("the neighbour is answered all the while");
    assert!(answered >= 10, "{answered}");
    detail
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_takes_too_long_to_compile_is_refused_while_the_server_serves() {
    let why = refused("limits = { compile-time = \"1s\" }", bomb(400, 4_000)).await;
    assert!(why.contains("took more than 1s to compile"), "{why}");
    assert!(why.contains("split its largest functions"), "{why}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_component_that_takes_too_much_memory_to_compile_is_refused_while_the_server_serves() {
    let why = refused("limits = { compile-memory = \"256MiB\" }", bomb(1, 400_000)).await;
    assert!(why.contains("took more than 268435456 bytes of memory to compile"), "{why}");
}
