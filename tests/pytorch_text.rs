//! Tensors print as PyTorch prints them, character for character.
//!
//! `tests/pytorch/tensor_text.json` holds PyTorch's texts; `tests/pytorch/tensor_text.py` made it.

use mnist_from_scratch::show::{Element, tensor_text};
use serde_json::Value;

#[test]
fn the_same_text_as_pytorch() {
    let document: Value = serde_json::from_str(include_str!("pytorch/tensor_text.json")).unwrap();
    let cases = document["cases"].as_array().unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let mut wrong = String::new();
    for case in cases {
        let (expected, actual) = (case["text"].as_str().unwrap(), our_text(case));
        if actual != expected {
            wrong += &format!("--- {}\nPyTorch:\n{expected}\nours:\n{actual}\n", case["name"]);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

fn our_text(case: &Value) -> String {
    let shape: Vec<usize> =
        case["shape"].as_array().unwrap().iter().map(|n| n.as_u64().unwrap() as usize).collect();
    if let Some(rule) = case["rule"].as_str() {
        let modulus: usize = rule.strip_prefix("ramp:").unwrap().parse().unwrap();
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|i| (i % modulus) as f32 / modulus as f32).collect();
        return tensor_text(&values, &shape);
    }
    match case["dtype"].as_str().unwrap() {
        "f32" => text_of::<f32>(case, &shape),
        "u8" => text_of::<u8>(case, &shape),
        "i64" => text_of::<i64>(case, &shape),
        "bool" => text_of::<bool>(case, &shape),
        other => panic!("element type {other}"),
    }
}

fn text_of<E: Element + std::str::FromStr>(case: &Value, shape: &[usize]) -> String
where
    E::Err: std::fmt::Debug,
{
    let values = case["values"].as_array().unwrap();
    let values: Vec<E> = values.iter().map(|v| v.as_str().unwrap().parse().unwrap()).collect();
    tensor_text(&values, shape)
}
