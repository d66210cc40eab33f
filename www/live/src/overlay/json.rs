//! JSON as the overlay looks at it: the browser's own reader, and in tests serde_json's. It takes what a page wrote as it
//! comes, halves of characters and keys that stand twice included, and weighs nothing.

#[cfg(target_arch = "wasm32")]
use js_sys::{Array, JSON, Reflect};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen::JsValue;

/// A value.
#[cfg(target_arch = "wasm32")]
pub struct Json(JsValue);

#[cfg(target_arch = "wasm32")]
impl Json {
    /// Reads a text.
    pub fn parse(text: &str) -> Option<Json> {
        JSON::parse(text).ok().map(Json)
    }

    /// What an object has under `key`, if that isn't null.
    pub fn get(&self, key: &str) -> Option<Json> {
        let value = Reflect::get(&self.0, &key.into()).ok()?;
        (!value.is_null_or_undefined()).then_some(Json(value))
    }

    /// The values of an array.
    pub fn items(&self) -> Option<Vec<Json>> {
        let is_array = Array::is_array(&self.0);
        is_array.then(|| Array::from(&self.0).iter().map(Json).collect())
    }

    /// A string.
    pub fn string(&self) -> Option<String> {
        self.0.as_string()
    }

    /// True or false.
    pub fn bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    /// The value as text again.
    pub fn text(&self) -> String {
        JSON::stringify(&self.0).map_or_else(|_| String::new(), Into::into)
    }
}

/// A value.
#[cfg(not(target_arch = "wasm32"))]
pub struct Json(serde_json::Value);

#[cfg(not(target_arch = "wasm32"))]
impl Json {
    /// Reads a text.
    pub fn parse(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok().map(Json)
    }

    /// What an object has under `key`, if that isn't null.
    pub fn get(&self, key: &str) -> Option<Json> {
        let value = self.0.get(key)?;
        (!value.is_null()).then(|| Json(value.clone()))
    }

    /// The values of an array.
    pub fn items(&self) -> Option<Vec<Json>> {
        Some(self.0.as_array()?.iter().cloned().map(Json).collect())
    }

    /// A string.
    pub fn string(&self) -> Option<String> {
        self.0.as_str().map(str::to_owned)
    }

    /// True or false.
    pub fn bool(&self) -> Option<bool> {
        self.0.as_bool()
    }

    /// The value as text again.
    pub fn text(&self) -> String {
        self.0.to_string()
    }
}
