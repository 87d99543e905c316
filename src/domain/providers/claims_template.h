#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Texts made of what a provider says of a person: "{{ claims.preferred_username | lower }}". This
// much and no more:
//   {{ claims.name }} {{ claims.address.country }} {{ claims["urn:oid:2.5.4.42"] }}  a member
//   … | lower            in small letters (A to Z; nothing else has one small letter everywhere)
//   … | localpart        what stands before the last @
//   … | default("text")  where the member is not there, or empty
// A member that is a list is its first entry; numbers and truth values are texts as in JSON.
namespace latchkey::providers {

class ClaimsTemplate {
 public:
  // Gives nothing.
  ClaimsTemplate() = default;

  // What is wrong comes as the end of a sentence: "has '{{' without '}}'".
  static std::expected<ClaimsTemplate, std::string> parse(std::string_view text);

  bool empty() const { return pieces_.empty(); }
  // Absent: a member is not there that has no default, or nothing comes of it.
  std::optional<std::string> render(const boost::json::object& claims) const;

 private:
  enum class Filter : std::uint8_t { lower, localpart, fallback };
  struct Step {
    Filter filter;
    std::string text = {};  // of fallback
  };
  struct Piece {
    std::string text = {};               // as it stands, where there is no path
    std::vector<std::string> path = {};  // of a member
    std::vector<Step> steps = {};
  };
  class Parser;

  static std::string render_piece(const Piece& piece, const boost::json::object& claims);

  std::vector<Piece> pieces_;
};

// Whether a claim is true: as a truth value, or as the text that some send for it.
bool is_true(const boost::json::object& claims, std::string_view name);

}  // namespace latchkey::providers
