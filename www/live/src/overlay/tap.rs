//! Looks through calls of the page's own functions, and leaves them as they are.

use js_sys::{Array, Function, Object, Proxy, Reflect};
use wasm_bindgen::prelude::*;

/// Shows `seen` each call of `object[name]`, once it is made: what it was given, and what it gave or threw. A proxy keeps
/// what the function is: its name, its length, its `this`.
///
/// # Errors
/// When there is no such function, or the page has locked it.
pub fn tap(
    object: &JsValue,
    name: &str,
    seen: impl Fn(&Array, &Result<JsValue, JsValue>) + 'static,
) -> Result<(), JsValue> {
    let own: Function = Reflect::get(object, &name.into())?.dyn_into()?;
    let apply = Closure::<dyn Fn(Function, JsValue, Array) -> Result<JsValue, JsValue>>::new(
        move |own: Function, this: JsValue, given: Array| {
            let came = Reflect::apply(&own, &this, &given);
            seen(&given, &came);
            came
        },
    );
    let handler = Object::new();
    Reflect::set(&handler, &"apply".into(), apply.as_ref())?;
    apply.forget();
    Reflect::set(object, &name.into(), &Proxy::new(&own, &handler))?;
    Ok(())
}
