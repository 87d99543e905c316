#pragma once

#include "domain/sessions/standing.h"

// What is known of past tokens (MSC3741; docs/formats/sessions.md, "Remembering past tokens").
namespace latchkey::sessions {

// Whether an authentic token still leads back to its account, so that GET /login may show the ways
// that do. A good token does; an expired or softly ended one does for `remember_expired` after its
// end. A lock changes nothing: the person comes back the same way once it is lifted. No token
// does whose session a person ended, that was used up by a new sign-in to its device, or that two
// parties hold.
// `signed_in_again`: a newer session has begun on the same device, however this one had ended.
bool leads_back(const Question& question, bool signed_in_again);

}  // namespace latchkey::sessions
