//! Capability `spin:variables`: a component's configuration, from its entry in the manifest.

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

use generated::spin::variables::variables::{self, Error};

const VARIABLES: Interface = Interface { name: "spin:variables/variables", grant: "nothing: every component has it" };

/// Gives every component the variables that its own manifest entry lists, and no others.
pub(crate) struct VariablesCapability;

impl Capability for VariablesCapability {
    fn interfaces(&self) -> &'static [Interface] {
        &[VARIABLES]
    }

    fn is_granted(&self, _: &Interface, _: &Service) -> bool {
        true
    }

    fn add_to_linker(&self, _: &Interface, linker: &mut Linker<State>) -> wasmtime::Result<()> {
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
        Ok(accessor.with(|mut access| {
            let variables = &access.get().service().variables;
            variables.get(&name).map(|value| value.expose().to_owned()).ok_or(Error::Undefined(name))
        }))
    }
}
