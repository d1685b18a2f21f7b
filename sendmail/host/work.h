// One run that changes things: its steps, and the way back.
#pragma once

#include <string>
#include <vector>

#include "mailertable/files/failure.h"
#include "sendmail/host/file_changes.h"
#include "sendmail/host/memory.h"
#include "sendmail/plan/plan.h"

namespace tsmtp::sendmail {

/// Says a line on stdout: a step that is about to be made.
void say(const std::string& line);
/// Says a line on stderr.
void complain(const std::string& line);

class Work {
 public:
  Work(Memory& memory, const Places& places) : memory_(memory), places_(places) {}

  /// Carries out all of `plan`, and proves it. After a Failure call put_back().
  [[nodiscard]] mailertable::Outcome<void> turn_on(const Plan& plan);
  /// Takes out everything that `plan` says.
  [[nodiscard]] mailertable::Outcome<void> turn_off(const Plan& plan);

  /// A sendmail.cf that somebody has edited since the last run, which is about to be replaced, is kept beside
  /// it.
  [[nodiscard]] mailertable::Outcome<void> keep_edits();

  /// Whether no sendmail was there to read it all.
  [[nodiscard]] bool found_no_sendmail() const { return found_no_sendmail_; }

  /// After a failure: makes every file as it was before this run, and has sendmail read them if it had read
  /// others. Complains and returns false if a file is left.
  bool put_back();

  /// The run has come to a good end: there is no way back any more.
  void settle() { changes_.settle(); }

 private:
  [[nodiscard]] mailertable::Outcome<void> keep_originals(const Plan& plan);
  [[nodiscard]] mailertable::Outcome<void> make_text(const Change& change);
  [[nodiscard]] mailertable::Outcome<void> build(const std::string& cf, std::string_view map,
                                                 const std::string& text_path);
  [[nodiscard]] mailertable::Outcome<void> prove(const Plan& plan, const std::string& cf_path);
  [[nodiscard]] mailertable::Outcome<void> prove_aside(const Plan& plan, const std::string& cf);
  [[nodiscard]] mailertable::Outcome<void> put_cf(const std::string& cf);
  [[nodiscard]] mailertable::Outcome<std::string> original_cf();
  [[nodiscard]] mailertable::Outcome<void> restore(const Change& change);
  [[nodiscard]] mailertable::Outcome<void> remove_empty_ones();
  [[nodiscard]] mailertable::Outcome<void> restore_database(const std::string& text_path,
                                                            const std::string& cf);
  [[nodiscard]] mailertable::Outcome<void> reload(const std::string& cf);

  Memory& memory_;
  const Places& places_;
  FileChanges changes_;
  bool has_reloaded_ = false;
  bool found_no_sendmail_ = false;
};

}  // namespace tsmtp::sendmail
