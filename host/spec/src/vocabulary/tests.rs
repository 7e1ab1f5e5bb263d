use super::WORDS;
use crate::wit;
use wit_parser::TypeDefKind;

#[test]
fn the_prose_of_the_specification_lists_the_same_words() {
    for (record, field, words) in WORDS {
        let docs = ["message", "interactions"]
            .iter()
            .filter_map(|interface| wit::interface(interface)?.types.get(*record))
            .find_map(|id| match &wit::resolve().types[*id].kind {
                TypeDefKind::Record(record) => record.fields.iter().find(|f| f.name == *field)?.docs.contents.clone(),
                _ => None,
            });
        let docs = docs.unwrap_or_else(|| panic!("{record}.{field} is not in the specification, or has no prose"));
        let quoted: Vec<&str> = docs.split('`').skip(1).step_by(2).collect();
        for word in *words {
            assert!(quoted.contains(word), "{record}.{field}: `{word}` is not in the prose: {docs}");
        }
    }
}
