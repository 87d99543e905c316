#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "platform/config/attributes.h"
#include "platform/config/types.h"
#include "platform/time.h"

// Options structs, seen as a tree of values by name. The template part of platform/config:
// loader, example and reference work on the tree.
namespace latchkey::config {

// An enum behind its names.
struct Enumerated {
  std::vector<std::string_view> names;
  std::function<std::size_t()> get;  // index into names
  std::function<void(std::size_t)> set;
};

using Value = std::variant<bool*, int*, unsigned*, std::size_t*, std::int64_t*, double*,
                           std::string*, std::vector<std::string>*, Duration*, Limit*, Secret*,
                           Bytes*, Path*, std::vector<Path>*, Enumerated>;

// Both ends included: of the number, the milliseconds, the bytes, or the length of a text or
// list.
struct Range {
  double lo;
  double hi;
};

struct Option {
  std::string name;
  std::string sentence;
  Value value;
  std::optional<Range> range;
  bool required = false;
  bool chooses = false;
  std::string_view example;
};

struct Group;

// A list whose entries are groups. They lie in a vector, so the tree of one is good until the list
// changes.
struct GroupList {
  std::string name;
  std::string sentence;
  std::function<void()> clear = {};
  std::function<void()> add = {};  // one more entry, with the defaults
  std::function<std::size_t()> size = {};
  // The tree of an entry, as its value of the option that chooses wants it.
  std::function<Group(std::size_t)> entry = {};
  // For texts about the options: an entry of each kind there is. It is passed to the function, and
  // goes with it.
  std::function<void(const std::function<void(const Group&)>&)> each_kind = {};
};

using Member = std::variant<Option, Group, GroupList>;

struct Group {
  std::string name;
  std::string sentence;
  std::vector<Member> members;  // in the order of declaration
  // Rules between options: each sentence says what is wrong. May be empty.
  std::function<std::vector<std::string>()> problems;
};

template <class T>
Group describe(T& root);

template <class T>
concept HasProblems = requires(const T& options) {
  { options.problems() } -> std::convertible_to<std::vector<std::string>>;
};

// What options() gets as its argument.
class Visitor {
 public:
  explicit Visitor(Group& into) : into_(into) {}

  template <class T, class... Attributes>
  void operator()(std::string_view name, T& value, std::string_view sentence,
                  const Attributes&... attributes) {
    Option option{std::string(name), std::string(sentence), Value{}, {}, false, false, {}};
    if constexpr (!std::is_enum_v<T>) option.value = &value;
    (apply(option, value, attributes), ...);
    into_.members.emplace_back(std::move(option));
  }

  // A struct with options() of its own. It may also have a
  // `std::vector<std::string> problems() const` for rules between its options.
  template <class T>
  void group(std::string_view name, T& options, std::string_view sentence) {
    Group child{std::string(name), std::string(sentence), {}, {}};
    Visitor visit(child);
    options.options(visit);
    if constexpr (HasProblems<T>) child.problems = [&options] { return options.problems(); };
    into_.members.emplace_back(std::move(child));
  }

  // A list of such structs. `T::kinds()` returns one of each kind that has options of its own, the
  // same options first; one alone where there is but one kind.
  template <class T>
  void list(std::string_view name, std::vector<T>& entries, std::string_view sentence) {
    GroupList list{.name = std::string(name), .sentence = std::string(sentence)};
    list.clear = [&entries] { entries.clear(); };
    list.add = [&entries] { entries.emplace_back(); };
    list.size = [&entries] { return entries.size(); };
    list.entry = [&entries](std::size_t i) { return describe(entries.at(i)); };
    list.each_kind = [](const std::function<void(const Group&)>& visit) {
      for (T& kind : T::kinds()) visit(describe(kind));
    };
    into_.members.emplace_back(std::move(list));
  }

 private:
  template <class T>
  static double number(T bound) {
    if constexpr (std::is_arithmetic_v<T>) {
      return static_cast<double>(bound);
    } else {
      return static_cast<double>(Duration(bound).count());
    }
  }

  template <class T, class Lo, class Hi>
  static void apply(Option& option, T&, const Between<Lo, Hi>& between) {
    option.range = Range{number(between.lo), number(between.hi)};
  }
  template <class T>
  static void apply(Option& option, T&, const Required&) {
    option.required = true;
  }
  template <class T>
  static void apply(Option& option, T&, const Chooses&) {
    option.chooses = true;
  }
  template <class T>
  static void apply(Option& option, T&, const Example& example) {
    option.example = example.text;
  }
  template <class Enum>
  static void apply(Option& option, Enum& value, const Choices<Enum>& choices) {
    Enumerated enumerated;
    for (const auto& [name, of] : choices.of) enumerated.names.push_back(name);
    enumerated.get = [&value, of = choices.of] {
      std::size_t i = 0;
      while (i < of.size() && of[i].second != value) ++i;
      return i;
    };
    enumerated.set = [&value, of = choices.of](std::size_t i) { value = of.at(i).second; };
    option.value = std::move(enumerated);
  }

  Group& into_;
};

// The tree of `root`, pointing into it.
template <class T>
Group describe(T& root) {
  Group group;
  Visitor visit(group);
  root.options(visit);
  if constexpr (HasProblems<T>) group.problems = [&root] { return root.problems(); };
  return group;
}

}  // namespace latchkey::config
