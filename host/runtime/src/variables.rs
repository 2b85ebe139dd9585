//! Capability `spin:variables`: a component's configuration, from its entry in the manifest. Beside the newest contract, that
//! of Spin 2, whose plain functions every language can call.

use crate::capability::{Capability, Interface};
use crate::state::State;
use mutrapro_manifest::Service;
use std::sync::Arc;
use wasmtime::component::{Accessor, HasData, Linker};

mod generated {
    wasmtime::component::bindgen!({
        inline: "
            package spin:variables@3.0.0;
            interface variables {
                get: async func(name: string) -> result<string, error>;
                variant error { invalid-name(string), undefined(string), provider(string), other(string) }
            }
            world configured { import variables; }
        ",
        imports: { default: async | trappable | store },
    });
}

mod plain {
    wasmtime::component::bindgen!({
        path: "../../wit/spin",
        inline: "
            package mutrapro:variables-host;
            world host { import fermyon:spin/variables@2.0.0; }
        ",
        world: "mutrapro:variables-host/host",
        imports: { default: trappable },
    });
}

use generated::spin::variables::variables::{self, Error};

use plain::fermyon::spin::variables as plain_variables;

const PLAIN: &str = "fermyon:spin/variables";
const GRANT: &str = "nothing: every component has it";
/// What it gives, each with what grants it.
pub const INTERFACES: [Interface; 2] =
    [Interface { name: "spin:variables/variables", grant: GRANT }, Interface { name: PLAIN, grant: GRANT }];

/// Gives every component the variables that its own manifest entry lists, and no others.
pub(crate) struct VariablesCapability;

impl Capability for VariablesCapability {
    fn interfaces(&self) -> &'static [Interface] {
        &INTERFACES
    }

    fn is_granted(&self, _: &Interface, _: &Service) -> bool {
        true
    }

    fn add_to_linker(&self, interface: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
        if interface.name == PLAIN {
            return plain_variables::add_to_linker::<State, VariablesView>(linker, |state| state);
        }
        variables::add_to_linker::<State, VariablesView>(linker, |state| state)
    }

    fn prepare(&self, _: &Arc<Service>, _: &mut State) -> wasmtime::Result<()> {
        Ok(())
    }
}

struct VariablesView;

impl HasData for VariablesView {
    type Data<'a> = &'a mut State;
}

impl variables::Host for &mut State {}

impl<T: Send> variables::HostWithStore<T> for VariablesView {
    async fn get(accessor: &Accessor<T, Self>, name: String) -> wasmtime::Result<Result<String, Error>> {
        Ok(accessor.with(|mut access| value(access.get(), &name)).ok_or(Error::Undefined(name)))
    }
}

impl plain_variables::Host for &mut State {
    fn get(&mut self, name: String) -> wasmtime::Result<Result<String, plain_variables::Error>> {
        Ok(value(self, &name).ok_or(plain_variables::Error::Undefined(name)))
    }
}

/// The value of a variable of the component's own entry.
fn value(state: &State, name: &str) -> Option<String> {
    state.service().variables.get(name).map(|value| value.expose().to_owned())
}
