#include "mailertable/checks/relation_checks.h"

#include <algorithm>
#include <string>

#include "mailertable/checks/entry_report.h"
#include "mailertable/text/in_quotes.h"
#include "mailertable/text/route.h"
#include "relayd/base/bytes.h"
#include "relayd/base/domain.h"

namespace tsmtp::mailertable {
namespace {

bool goes_through_link(const Entry& entry) {
  const auto route = parse_route(entry.value);
  return route && base::ascii_lower(route->mailer) == "tsmtp";
}

/// The one who looks at the lines in the light of the others.
class RelationChecker {
 public:
  RelationChecker(const Table& table, const KeyIndex& index, const Knowledge& knowledge,
                  base::Diagnostics& findings)
      : table_(table), index_(index), knowledge_(knowledge), findings_(findings), rest_(index.find(".")) {
    has_wildcards_ = std::any_of(table.entries.begin(), table.entries.end(), [](const Entry& entry) {
      return entry.key.size() > 1 && entry.key.front() == '.';
    });
  }

  void check() {
    for (const std::uint32_t i : index_.duplicates())
      check_duplicate(table_.entries[i]);
    if (rest_ != nullptr) check_rest(*rest_);
    if (!has_wildcards_ && rest_ == nullptr && !has_local_names()) return;
    for (const Entry& entry : table_.entries) {
      if (entry.key == ".") continue;
      check_against_parent(entry);
      if (entry.key.front() == '.') check_domain_itself(entry);
      if (has_local_names()) check_local(entry);
    }
  }

 private:
  [[nodiscard]] bool has_local_names() const { return knowledge_.cf && !knowledge_.cf->local_names.empty(); }

  EntryReport report_on(const Entry& entry) { return {table_.files[entry.file], entry, findings_}; }

  [[nodiscard]] std::string place(const Entry& other, const Entry& seen_from) const {
    if (other.file == seen_from.file) return "line " + std::to_string(other.line);
    return table_.files[other.file] + " line " + std::to_string(other.line);
  }

  // makemap keeps the first of two, says so, and writes the table all the same.
  void check_duplicate(const Entry& entry) {
    const Entry& first = *index_.find(entry.key);
    report_on(entry).key_error(0, "duplicate key " + in_quotes(entry.key) + ": " + place(first, entry) +
                                      " has it already, and makemap would ignore this one; remove one of "
                                      "them");
  }

  /// The entry that answers for `key` when its own line is not there: the nearest parent's, or ".".
  [[nodiscard]] const Entry* parent_of(std::string_view key) const {
    if (has_wildcards_) {
      for (std::size_t dot = key.find('.', 1); dot != std::string_view::npos; dot = key.find('.', dot + 1)) {
        if (const Entry* parent = index_.find(key.substr(dot))) return parent;
      }
    }
    return rest_;
  }

  void check_against_parent(const Entry& entry) {
    const Entry* parent = parent_of(entry.key);
    if (parent == nullptr) return;
    const bool is_rest = parent == rest_;
    if (entry.value == parent->value && entry.value.find('%') == std::string_view::npos) {
      // A wildcard beside "." may say on purpose what does not depend on that line.
      if (is_rest) return;
      report_on(entry).key_warning(0, in_quotes(entry.key) + " is shadowed by " + in_quotes(parent->key) +
                                          ", " + place(*parent, entry) +
                                          ", which says the same; remove this line");
      return;
    }
    if (is_rest || !goes_through_link(*parent)) return;
    const auto route = parse_route(entry.value);
    if (!route || goes_through_link(entry)) return;
    if (knowledge_.mailers.kind_of(route->mailer) != MailerKind::kNetwork) return;
    report_on(entry).value_warning(0, "this takes " + in_quotes(entry.key) + " out of " +
                                          in_quotes(parent->key) + ", " + place(*parent, entry) +
                                          ", and sends its mail in clear; if that is not meant, remove this "
                                          "line");
  }

  /// For `.birl.example`, whether birl.example itself goes the same way.
  void check_domain_itself(const Entry& entry) {
    const std::string_view domain = entry.key.substr(1);
    if (!goes_through_link(entry) || index_.find(domain) != nullptr || !base::check_domain(domain)) return;
    const Entry* parent = parent_of(domain);
    if (parent != nullptr && goes_through_link(*parent)) return;
    report_on(entry).key_warning(0, in_quotes(entry.key) + " does not match " + base::escaped(domain, 80) +
                                        " itself, and mail for that goes out in clear; add a line " +
                                        in_quotes(domain) + " with the same value");
  }

  void check_local(const Entry& entry) {
    if (!knowledge_.cf->local_names.contains(entry.key)) return;
    report_on(entry).key_warning(0, in_quotes(entry.key) +
                                        " is in class w of sendmail.cf, so its mail stays here and this line "
                                        "is never looked up; remove it here or there");
  }

  void check_rest(const Entry& entry) {
    if (!goes_through_link(entry) || knowledge_.sites) return;
    report_on(entry).value_warning(0,
                                   "the \".\" line hands all other mail to one site, which accepts only its "
                                   "own domains; name those domains instead");
  }

  const Table& table_;
  const KeyIndex& index_;
  const Knowledge& knowledge_;
  base::Diagnostics& findings_;
  const Entry* rest_;
  bool has_wildcards_ = false;
};

}  // namespace

void check_relations(const Table& table, const KeyIndex& index, const Knowledge& knowledge,
                     base::Diagnostics& findings) {
  RelationChecker(table, index, knowledge, findings).check();
}

}  // namespace tsmtp::mailertable
