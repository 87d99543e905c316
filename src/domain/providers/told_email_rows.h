#pragma once

#include <string>
#include <string_view>

#include "platform/db/tx.h"

// The SQL of what a provider last said of somebody's address, beside their link. No rule is decided
// here.
namespace latchkey::providers {

// A hash; empty: it has said of none, or there is no such link.
std::string find_told_email(db::Tx& tx, std::string_view provider, std::string_view subject);
void note_told_email(db::Tx& tx, std::string_view provider, std::string_view subject,
                     std::string_view hash);

}  // namespace latchkey::providers
