//! Who may do what.
//!
//! How it is written stands in `rows`, who the columns are in `actors`. What a customer does with a quotation, a payment or
//! a package nobody does in their place, and what a specialist does with a task neither: not even the administrator.

/// Every endpoint, and what each actor is answered.
pub(crate) const TABLE: &str = r#"
                                                          nobody  owner  other holder  coord worker   spec artist  admin

# auth-service
POST   auth/register                                         201    201    201    201    201    201    201    201    201
       {"email": "<name*>@example.com", "username": "<name*>", "password": "<password>", "full_name": "Trang"}
POST   auth/login                                            200    200    200    200    200    200    200    200    200
       {"email": "lan@example.com", "password": "<password>"}
POST   auth/refresh                                          200    200    200    200    200    200    200    200    200
       {"refresh_token": "<refresh_token*>"}
POST   auth/logout                                           401    204    204    204    204    204    204    204    204
POST   auth/logout-all                                       401    204    204    204    204    204    204    204    204
GET    auth/sessions                                         401    200    200    200    200    200    200    200    200
DELETE auth/sessions/<session*>                              401    204    404    404    404    404    404    404    404

# user-service: everyone has an account, and a customer profile who registered
GET    users/me                                              401    200    200    200    200    200    200    200    200
PATCH  users/me                                              401    200    200    200    200    200    200    200    200
       {"phone": "+84 24 3825 1234"}
POST   users/me/password                                     401    204    204    204    204    204    204    204    204
       {"old_password": "<own_password>", "new_password": "<own_password>"}
GET    users/me/customer                                     401    200    200    200    200    200    200    200    404
PATCH  users/me/customer                                     401    200    200    200    200    200    200    200    404
       {"preferred_contact": "phone"}
GET    users                                                 401    403    403    403    403    403    403    403    200
GET    users/<user>                                          401    403    403    403    403    403    403    403    200
PATCH  users/<user>                                          401    403    403    403    403    403    403    403    200
       {"full_name": "Trang Lê"}
POST   users/<user*>/deactivate                              401    403    403    403    403    403    403    403    200
POST   users/<inactive_user*>/activate                       401    403    403    403    403    403    403    403    200
POST   users/<user*>/roles                                   401    403    403    403    403    403    403    403    201
       {"role": "recording_artist"}
DELETE users/<artist_user*>/roles/<role>                     401    403    403    403    403    403    403    403    200
GET    coordinators                                          401    403    403    403    403    403    403    403    200
POST   coordinators                                          401    403    403    403    403    403    403    403    201
       {"user_id": "<user*>"}

# specialist-service: everyone sees who works here, specialists say so themselves
GET    specialists                                           401    200    200    200    200    200    200    200    200
POST   specialists                                           401    403    403    403    403    403    403    403    201
       {"user_id": "<artist_user*>", "specialization": "recording", "experience_years": 1, "hourly_rate": 9000}
GET    specialists/<worker_profile>                          401    200    200    200    200    200    200    200    200
GET    specialists/me                                        401    403    403    403    403    200    200    200    403
PATCH  specialists/me                                        401    403    403    403    403    200    200    200    403
       {"experience_years": 7}
PUT    specialists/me/skills/<skill>                         401    403    403    403    403    201    201    201    403
       {"proficiency": "expert"}
DELETE specialists/me/skills/<skill>                         401    403    403    403    403    204    204    204    403
GET    specialists/me/demos                                  401    403    403    403    403    200    200    200    403
POST   specialists/me/demos                                  401    403    403    403    403    201    201    201    403
       {"role": "instrumentalist", "title": "Hạ trắng", "preview_url": "https://example.com/demo"}
PATCH  specialists/me/demos/<demo>                           401    403    403    403    403    200    404    404    403
       {"is_public": true}
DELETE specialists/me/demos/<demo*>                          401    403    403    403    403    204    404    404    403
GET    skills                                                401    200    200    200    200    200    200    200    200
GET    skills?active=false                                   401    403    403    403    403    403    403    403    200
POST   skills                                                401    403    403    403    403    403    403    403    201
       {"category_id": "<skill_category>", "name": "<name*>"}
PATCH  skills/<skill>                                        401    403    403    403    403    403    403    403    200
       {"description": "With both hands"}
GET    skill-categories                                      401    200    200    200    200    200    200    200    200
GET    skill-categories?active=false                         401    403    403    403    403    403    403    403    200
POST   skill-categories                                      401    403    403    403    403    403    403    403    201
       {"name": "<name*>"}
PATCH  skill-categories/<skill_category>                     401    403    403    403    403    403    403    403    200
       {"description": "What can be played"}

# quotation-service: coordinators see what they hold, and what they could claim
POST   requests                                              401    201    201    403    403    403    403    403    403
       {"request_type": "transcription", "title": "Diễm xưa", "description": "For piano, as on the recording"}
GET    requests                                              401    200    200    200    200    403    403    403    200
GET    requests/<request>                                    401    200    404    200    404    404    404    404    200
GET    requests/<unclaimed_request>                          401    200    404    200    200    404    404    404    200
PATCH  requests/<request>                                    401    200    404    403    404    404    404    404    200
       {"title": "Diễm xưa, for two pianos"}
PATCH  requests/<unclaimed_request>                          401    200    404    403    403    404    404    404    200
       {"title": "Hạ trắng, for two pianos"}
POST   requests/<unclaimed_request*>/claim                   401    403    403    200    200    403    403    403    403
POST   requests/<request>/claim                              401    403    403    409    409    403    403    403    403
POST   requests/<request*>/cancel                            401    200    404    200    404    404    404    404    200
       {"reason": "The concert was called off"}
POST   requests/<unclaimed_request*>/cancel                  401    200    404    403    403    404    404    404    200
       {"reason": "The concert was called off"}
POST   requests/<running_request*>/cancel                    401    403    404    403    404    404    404    404    200
       {"reason": "The concert was called off"}
GET    requests/<request>/quotations                         401    200    404    200    404    404    404    404    200
GET    requests/<unclaimed_request>/quotations               401    200    404    200    200    404    404    404    200
POST   requests/<request*>/quotations                        401    403    404    201    404    404    404    404    201
       {"complexity": "simple", "audio_minutes": 4}
POST   requests/<unclaimed_request>/quotations               401    403    404    403    403    404    404    404    409
       {"complexity": "simple", "audio_minutes": 4}
GET    quotations/<draft>                                    401    404    404    200    404    404    404    404    200
GET    quotations/<sent>                                     401    200    404    200    404    404    404    404    200
PATCH  quotations/<draft>                                    401    404    404    200    404    404    404    404    200
       {"notes": "With the second voice"}
PATCH  quotations/<sent>                                     401    403    404    409    404    404    404    404    409
       {"notes": "With the second voice"}
POST   quotations/<draft*>/send                              401    404    404    200    404    404    404    404    200
POST   quotations/<sent>/send                                401    403    404    409    404    404    404    404    409
POST   quotations/<sent*>/approve                            401    200    404    403    404    404    404    404    403
POST   quotations/<draft>/approve                            401    404    404    403    404    404    404    404    403
POST   quotations/<sent*>/reject                             401    200    404    403    404    404    404    404    403
       {"reason": "It is too much"}
POST   quotations/<sent*>/request-change                     401    200    404    403    404    404    404    404    403
       {"reason": "With a second voice"}
GET    quotations/<approved>/milestones                      401    200    404    200    404    404    404    404    200
GET    milestones/<due_milestone>                            401    200    404    200    404    404    404    404    200
GET    pricing                                               200    200    200    200    200    200    200    200    200
POST   pricing/estimate                                      200    200    200    200    200    200    200    200    200
       {"service_type": "transcription", "complexity": "simple", "amount": 4}
POST   pricing                                               401    403    403    403    403    403    403    403    201
       {"service_type": "mixing", "complexity": "simple", "unit_type": "per_song", "base_price": 4000, "currency": "EUR"}
PATCH  pricing/<price>                                       401    403    403    403    403    403    403    403    200
       {"base_price": 50000}

# project-service: who works on a project sees it
GET    projects                                              401    200    200    200    200    403    403    403    200
GET    projects/<project>                                    401    200    404    200    404    200    404    404    200
PATCH  projects/<project>                                    401    403    404    200    404    403    404    404    200
       {"notes": "The singer knows the composer"}
GET    projects/<project>/timeline                           401    200    404    200    404    200    404    404    200
POST   projects/<project*>/cancel                            401    403    404    200    404    403    404    404    200
       {"reason": "The concert was called off"}

# task-service: tasks are between specialists and coordinators, and nobody does them in another's place
POST   tasks                                                 401    403    403    201    404    403    403    403    201
       {"project_id": "<project>", "specialist_id": "<worker_profile>", "task_type": "transcription",
        "due_at": "2099-01-31T09:30:00Z", "estimated_minutes": 60}
GET    tasks                                                 401    403    403    200    200    200    200    200    200
GET    tasks/<started_task>                                  401    404    404    200    404    200    404    404    200
PATCH  tasks/<started_task>                                  401    404    404    200    404    403    404    404    200
       {"estimated_minutes": 90}
POST   tasks/<assigned_task*>/accept                         401    404    404    403    404    200    404    404    403
POST   tasks/<offered_task*>/accept                          401    404    404    403    404    200    404    404    403
POST   tasks/<offered_task*>/decline                         401    404    404    403    404    200    404    404    403
       {"reason": "I am on tour until Friday"}
POST   tasks/<accepted_task*>/start                          401    404    404    403    404    200    404    404    403
POST   tasks/<started_task>/progress                         401    404    404    403    404    200    404    404    403
       {"progress_percent": 60}
POST   tasks/<started_task*>/complete                        401    404    404    403    404    200    404    404    403
       {"actual_minutes": 60}
POST   tasks/<assigned_task*>/cancel                         401    404    404    200    404    403    404    404    200
       {"reason": "Another one does it"}
GET    specialists/<worker_profile>/workload                 401    403    403    200    200    200    403    403    200

# studio-service: everyone sees what there is; whoever takes part in a session sees it
GET    studios                                               401    200    200    200    200    200    200    200    200
POST   studios                                               401    403    403    403    403    403    403    403    201
       {"name": "<name*>", "location": "Huế", "capacity": 8, "hourly_rate": 9000, "opens_at_minute": 0,
        "closes_at_minute": 1440}
GET    studios/<studio>                                      401    200    200    200    200    200    200    200    200
GET    studios/<closed_studio>                               401    404    404    404    404    404    404    404    200
PATCH  studios/<studio>                                      401    403    403    403    403    403    403    403    200
       {"capacity": 9}
GET    studios/<studio>/availability                         401    200    200    200    200    200    200    200    200
GET    studios/<closed_studio>/availability                  401    404    404    404    404    404    404    404    200
GET    equipment-categories                                  401    200    200    200    200    200    200    200    200
POST   equipment-categories                                  401    403    403    403    403    403    403    403    201
       {"name": "<name*>"}
PATCH  equipment-categories/<equipment_category>             401    403    403    403    403    403    403    403    200
       {"description": "For voices"}
GET    equipment                                             401    200    200    200    200    200    200    200    200
POST   equipment                                             401    403    403    403    403    403    403    403    201
       {"category_id": "<equipment_category>", "name": "<name*>", "brand": "AKG", "model": "C 414"}
GET    equipment/<equipment>                                 401    200    200    200    200    200    200    200    200
GET    equipment/<retired_equipment>                         401    404    404    404    404    404    404    404    200
PATCH  equipment/<equipment>                                 401    403    403    403    403    403    403    403    200
       {"description": "Cardioid"}
GET    studio-equipment                                      401    200    200    200    200    200    200    200    200
POST   studio-equipment                                      401    403    403    403    403    403    403    403    201
       {"equipment_id": "<equipment>", "studio_id": "<studio>", "quantity": 1}
GET    studio-equipment/<pieces>                             401    200    200    200    200    200    200    200    200
PATCH  studio-equipment/<pieces>                             401    403    403    403    403    403    403    403    200
       {"location_in_studio": "Shelf 3"}
GET    bookings                                              401    200    200    200    200    403    403    200    200
POST   bookings                                              401    201    201      .      .    403    403    403      .
       {"studio_id": "<studio>", "session_type": "self_recording", "starts_at": "<slot*>:00:00Z",
        "ends_at": "<slot*>:59:00Z"}
POST   bookings                                              401    201    404    201    404    403    403    403    201
       {"studio_id": "<studio>", "session_type": "self_recording", "starts_at": "<slot*>:00:00Z",
        "ends_at": "<slot*>:59:00Z", "request_id": "<request>"}
POST   bookings                                              401    201    404    403    403    403    403    403    201
       {"studio_id": "<studio>", "session_type": "self_recording", "starts_at": "<slot*>:00:00Z",
        "ends_at": "<slot*>:59:00Z", "request_id": "<unclaimed_request>"}
POST   bookings                                              401    201    404    201    404    403    403    403    201
       {"studio_id": "<studio>", "session_type": "self_recording", "starts_at": "<slot*>:00:00Z",
        "ends_at": "<slot*>:59:00Z", "project_id": "<project>"}
POST   bookings/quote                                        401    200    200      .      .    403    403    403      .
       {"studio_id": "<studio>", "session_type": "self_recording", "starts_at": "<slot*>:00:00Z",
        "ends_at": "<slot*>:59:00Z"}
POST   bookings/quote                                        401    200    404    200    404    403    403    403    200
       {"studio_id": "<studio>", "session_type": "self_recording", "starts_at": "<slot*>:00:00Z",
        "ends_at": "<slot*>:59:00Z", "request_id": "<request>"}
GET    bookings/<booking>                                    401    200    404    200    404    404    404    200    200
GET    bookings/<own_booking>                                401    200    404    200    200    404    404    200    200
GET    bookings/<quiet_booking>                              401    200    404    200    200    404    404    404    200
POST   bookings/<pending_booking*>/confirm                   401    403    404    200    404    404    404    403    200
POST   bookings/<quiet_booking*>/confirm                     401    403    404    200    200    404    404    404    200
POST   bookings/<pending_booking*>/cancel                    401    200    404    200    404    404    404    403    200
       {"reason": "The singer has a cold"}
POST   bookings/<confirmed_booking*>/start                   401    403    404    200    404    404    404    403    200
POST   bookings/<begun_booking*>/complete                    401    403    404    200    404    404    404    403    200

# payment-service: customers pay, and gateways tell by what they sign
POST   payments                                              401    201    404    403    403    403    403    403    403
       {"milestone_id": "<due_milestone*>", "method": "credit_card"}
GET    payments                                              401    200    200    200    200    403    403    403    200
GET    payments/<payment>                                    401    200    404    200    404    404    404    404    200
POST   payments/<payment*>/refund                            401    403    403    403    403    403    403    403    200
       {"reason": "Paid for the wrong request"}
POST   payments/webhooks/<gateway>                           401    401    401    401    401    401    401    401    401
       {"reference": "<payment>", "transaction_id": "sandbox_<payment>", "amount": 80000, "currency": "VND",
        "status": "succeeded"}
POST   payments/webhooks/<gateway>                           204    204    204    204    204    204    204    204    204
       {"reference": "<payment>", "transaction_id": "sandbox_<payment>", "amount": 80000, "currency": "VND",
        "status": "succeeded"}
       x-sandbox-signature: <signature>

# file-service: what customers upload is for who works on it, what is made of it for them when it is delivered
POST   files                                                 401    201    404    201    404    404    404    404    201
       ?source=customer_upload&file_name=<name*>.txt&request_id=<request>
       "Bar 12 is too fast."
POST   files                                                 401    201    404    403    403    404    404    404    201
       ?source=customer_upload&file_name=<name*>.txt&request_id=<unclaimed_request>
       "Bar 12 is too fast."
POST   files                                                 401    403    404    201    404    404    404    404    201
       ?source=processed_output&file_name=<name*>.txt&request_id=<request>
       "Bar 12 is too fast."
POST   files                                                 401    404    404    403    404    201    404    404    201
       ?source=task_deliverable&file_name=<name*>.txt&assignment_id=<started_task>
       "Bar 12 is too fast."
POST   files                                                 401    404    404    201    404    201    404    404    201
       ?source=processed_output&file_name=<name*>.txt&assignment_id=<started_task>
       "Bar 12 is too fast."
POST   files                                                 401    403    404    201    404    404    404    201    201
       ?source=studio_recording&file_name=<name*>.txt&booking_id=<booking>
       "Bar 12 is too fast."
POST   files                                                 401    403    404    201    201    404    404    201    201
       ?source=studio_recording&file_name=<name*>.txt&booking_id=<own_booking>
       "Bar 12 is too fast."
POST   files                                                 401    403    403    403    403    201    201    201    403
       ?source=portfolio_demo&file_name=<name*>.txt
       "Bar 12 is too fast."
GET    files                                                 401    200    200    200    200    200    200    200    200
GET    files?request=<project_request>                       401    200    404    200    404    200    404    404    200
GET    files?assignment=<started_task>                       401    404    404    200    404    200    404    404    200
GET    files?booking=<own_booking>                           401    200    404    200    200    404    404    200    200
GET    files/<upload>                                        401    200    404    200    404    200    404    404    200
GET    files/<unseen_file>                                   401    404    404    200    404    200    404    404    200
GET    files/<delivered_file>                                401    200    404    200    404    200    404    404    200
GET    files/<recording>                                     401    200    404    200    200    404    404    200    200
GET    files/<demo_file>                                     401    200    200    200    200    200    200    200    200
GET    files/<upload>/content                                401    200    404    200    404    200    404    404    200
GET    files/<unseen_file>/content                           401    404    404    200    404    200    404    404    200
GET    files/<delivered_file>/content                        401    200    404    200    404    200    404    404    200
DELETE files/<upload*>                                       401    204    404    403    404    403    404    404    204
DELETE files/<unseen_file>                                   401    404    404    403    404    204    404    404      .

# revision-service: the holder delivers, the owner decides
POST   revisions                                             401    201    404    403    403    403    403    403    403
       {"project_id": "<project>", "type": "minor_adjustment", "description": "A flat in bar 12"}
GET    revisions                                             401    200    200    200    200    403    403    403    200
GET    revisions/<revision>                                  401    200    404    200    404    404    404    404    200
POST   revisions/<revision*>/approve                         401    403    404    200    404    404    404    404    200
POST   revisions/<revision*>/reject                          401    403    404    200    404    404    404    404    200
       {"reason": "It was not agreed on"}
POST   revisions/<approved_revision*>/complete               401    403    404    200    404    404    404    404    200
GET    projects/<project>/revision-eligibility               401    200    404    200    404    403    403    403    200
POST   packages                                              401    403    403    201    404    403    403    403    201
       {"project_id": "<project>", "name": "Score", "delivery_type": "draft"}
GET    packages                                              401    200    200    200    200    403    403    403    200
GET    packages/<filled_package>                             401    404    404    200    404    404    404    404    200
GET    packages/<delivered_package>                          401    200    404    200    404    404    404    404    200
POST   packages/<empty_package*>/files                       401    404    404    200    404    404    404    404    200
       {"file_id": "<deliverable>"}
DELETE packages/<filled_package*>/files/<deliverable>        401    404    404    200    404    404    404    404    200
POST   packages/<filled_package*>/ready                      401    404    404    200    404    404    404    404    200
POST   packages/<ready_package*>/deliver                     401    404    404    200    404    404    404    404    200
POST   packages/<delivered_package>/deliver                  401    403    404    409    404    404    404    404    409
POST   packages/<delivered_package*>/approve                 401    200    404    403    404    404    404    404    403
POST   packages/<ready_package>/approve                      401    404    404    403    404    404    404    404    403
POST   packages/<delivered_package*>/reject                  401    200    404    403    404    404    404    404    403
       {"reason": "The second voice is missing"}

# notification-service: everyone reads what they were told, and nobody what others were
GET    notifications                                         401    200    200    200    200    200    200    200    200
GET    notifications/unread-count                            401    200    200    200    200    200    200    200    200
GET    notifications/stream                                  401    200    200    200    200    200    200    200    200
POST   notifications/<notification>/read                     401    200    404    404    404    404    404    404    404
POST   notifications/read-all                                401    200    200    200    200    200    200    200    200

# feedback-service: the log is for administrators
POST   feedback                                              401    201    404    403    403    403    403    403    403
       {"request_id": "<completed_request>", "rating": 5, "type": "overall_experience"}
GET    feedback                                              401    200    200    200    200    200    200    200    200
GET    specialists/<worker_profile>/rating                   401    200    200    200    200    200    200    200    200
GET    activity                                              401    403    403    403    403    403    403    403    200
"#;

/// What those are answered who have lost the role for which they were let in: the owner is no customer any more, the holder no
/// coordinator, the worker no specialist and the artist no artist. Files that they uploaded stay theirs.
pub(crate) const FORMER: &str = r#"
                                                          nobody  owner  other holder  coord worker   spec artist  admin
GET    requests/<request>                                      .    404      .    404      .      .      .      .      .
GET    quotations/<sent>                                       .    404      .    404      .      .      .      .      .
POST   quotations/<sent>/approve                               .    404      .    404      .      .      .      .      .
GET    milestones/<due_milestone>                              .    404      .    404      .      .      .      .      .
GET    projects/<project>                                      .    404      .    404      .    404      .      .      .
GET    tasks/<started_task>                                    .      .      .    404      .    404      .      .      .
POST   tasks/<started_task>/progress                           .      .      .    404      .    404      .      .      .
       {"progress_percent": 90}
GET    payments/<payment>                                      .    404      .    404      .      .      .      .      .
POST   payments                                                .    403      .      .      .      .      .      .      .
       {"milestone_id": "<due_milestone>", "method": "credit_card"}
GET    bookings/<booking>                                      .    404      .    404      .      .      .    404      .
GET    packages/<delivered_package>                            .    404      .    404      .      .      .      .      .
GET    revisions/<revision>                                    .    404      .    404      .      .      .      .      .
GET    specialists/me                                          .      .      .      .      .    403      .    403      .
GET    files?request=<project_request>                         .    404      .    404      .    404      .      .      .
GET    files?assignment=<started_task>                         .      .      .    404      .    404      .      .      .
GET    files?booking=<own_booking>                             .    404      .    404      .      .      .    404      .
GET    files/<upload>                                          .    200      .    404      .    404      .      .      .
GET    files/<delivered_file>                                  .    404      .    404      .    200      .      .      .
GET    files/<recording>                                       .    404      .    404      .      .      .    200      .
POST   files                                                   .    404      .    404      .      .      .      .      .
       ?source=customer_upload&file_name=<name*>.txt&request_id=<request>
       "Bar 12 is too fast."
POST   files                                                   .      .      .      .      .    404      .      .      .
       ?source=task_deliverable&file_name=<name*>.txt&assignment_id=<started_task>
       "Bar 12 is too fast."
POST   files                                                   .      .      .      .      .      .      .    404      .
       ?source=studio_recording&file_name=<name*>.txt&booking_id=<own_booking>
       "Bar 12 is too fast."
"#;
