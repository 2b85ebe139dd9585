//! The client in a world that the tests own.

use super::*;

struct Scripted {
    outcomes: RefCell<Vec<Result<Response, SendError>>>,
    now: RefCell<Instant>,
    waits: RefCell<Vec<Duration>>,
}

impl Scripted {
    fn new(mut outcomes: Vec<Result<Response, SendError>>) -> Self {
        outcomes.reverse();
        Self { outcomes: RefCell::new(outcomes), now: RefCell::new(Instant::now()), waits: RefCell::default() }
    }

    fn left(&self) -> usize {
        self.outcomes.borrow().len()
    }
}

impl World for Scripted {
    fn send(&self, _service: &str, _request: &Request) -> Result<Response, SendError> {
        self.outcomes.borrow_mut().pop().expect("one call more than the script has")
    }

    fn now(&self) -> Instant {
        *self.now.borrow()
    }

    fn wait(&self, most: Duration) {
        self.waits.borrow_mut().push(most);
        *self.now.borrow_mut() += most;
    }
}

fn answer(status: u16, body: &str) -> Result<Response, SendError> {
    Ok(Response { status, headers: Vec::new(), body: body.into() })
}

fn sent(world: &Scripted, method: &str) -> Result<Response, Error> {
    let request =
        Request { method: method.into(), path_with_query: "/internal/x".into(), headers: vec![], body: vec![] };
    call(world, &mut Breaker::default(), "user-service", &request)
}

#[test]
fn safe_call_is_tried_again_with_growing_waits() {
    let world = Scripted::new(vec![Err(SendError::TimedOut), answer(503, ""), answer(200, "7")]);
    assert_eq!(read::<u8>("user-service", &sent(&world, "GET").unwrap()), Ok(7));
    assert_eq!(*world.waits.borrow(), [BACKOFF, BACKOFF * 2]);
}

#[test]
fn call_that_may_have_done_something_is_not_repeated() {
    for outcome in [Err(SendError::TimedOut), Err(SendError::Failed("trap".into())), answer(503, "")] {
        let world = Scripted::new(vec![outcome, answer(200, "7")]);
        drop(sent(&world, "POST"));
        assert_eq!(world.left(), 1);
    }
}

#[test]
fn call_that_did_nothing_is_repeated_whatever_the_method() {
    let world = Scripted::new(vec![Err(SendError::Overloaded), answer(201, "7")]);
    assert_eq!(sent(&world, "POST").unwrap().status, 201);
}

#[test]
fn last_attempt_tells_why() {
    let world = Scripted::new(vec![Err(SendError::TimedOut), Err(SendError::TimedOut), Err(SendError::TimedOut)]);
    let error = sent(&world, "GET").unwrap_err();
    assert_eq!(error, Error::TimedOut("user-service".into()));
    assert_eq!(Problem::from(error).status(), StatusCode::GATEWAY_TIMEOUT);
}

#[test]
fn open_breaker_answers_without_calling() {
    let world = Scripted::new(vec![]);
    let mut breaker = Breaker::default();
    (0..breaker::FAILURES_MAX).for_each(|_| breaker.record(true, world.now()));
    let request = Request { method: "GET".into(), path_with_query: "/".into(), headers: vec![], body: vec![] };
    let error = call(&world, &mut breaker, "user-service", &request).unwrap_err();
    assert_eq!(Problem::from(error).status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[test]
fn refusal_of_the_request_is_no_failure_of_the_service() {
    let world = Scripted::new((0..20).map(|_| answer(404, "{}")).collect());
    let mut breaker = Breaker::default();
    let request = Request { method: "GET".into(), path_with_query: "/".into(), headers: vec![], body: vec![] };
    for _ in 0..20 {
        assert_eq!(call(&world, &mut breaker, "user-service", &request).unwrap().status, 404);
    }
}

#[test]
fn problem_of_the_callee_can_be_passed_on() {
    let body = serde_json::to_string(Problem::conflict("email_taken", "taken").details()).unwrap();
    let error = read::<u8>("user-service", &answer(409, &body).unwrap()).unwrap_err();
    assert_eq!(error.clone().into_refusal().code(), "email_taken");
    assert_eq!(Problem::from(error).code(), "internal_error");
}

#[test]
fn failure_of_the_callee_is_not_passed_on() {
    let body = serde_json::to_string(Problem::internal("its secret").details()).unwrap();
    let problem = read::<u8>("user-service", &answer(500, &body).unwrap()).unwrap_err().into_refusal();
    assert_eq!(problem.code(), "internal_error");
    let html = read::<u8>("user-service", &answer(502, "<html>").unwrap()).unwrap_err();
    assert!(html.to_string().contains("unexpected_answer"));
}

#[test]
fn answer_without_a_body_is_unit() {
    assert_eq!(read::<()>("user-service", &answer(204, "").unwrap()), Ok(()));
    assert!(matches!(read::<u8>("user-service", &answer(200, "{}").unwrap()), Err(Error::Mistake { .. })));
}
