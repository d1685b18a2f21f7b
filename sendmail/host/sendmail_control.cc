#include "sendmail/host/sendmail_control.h"

#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>
#include <thread>
#include <vector>

#include "mailertable/database/table_writer.h"
#include "mailertable/files/input.h"
#include "mailertable/programs/run_program.h"
#include "mailertable/text/key_index.h"
#include "mailertable/text/parser.h"
#include "relayd/base/bytes.h"
#include "sendmail/host/file_changes.h"
#include "sendmail/host/memory.h"

namespace tsmtp::sendmail {
namespace {

using mailertable::Failure;
using mailertable::Outcome;
using mailertable::system_failure;

constexpr const char* kFragment = "/usr/share/sendmail/cf/mailer/tsmtp.m4";
constexpr const char* kUsualPidFile = "/var/run/sendmail/mta/sendmail.pid";

std::string first_lines(const std::string& text) {
  constexpr int kLines = 5;
  std::istringstream lines(text);
  std::string shown;
  std::string line;
  for (int i = 0; i < kLines && std::getline(lines, line); ++i)
    shown += "\n  " + base::escaped(line, 300);
  return shown;
}

/// The process whose number the first line of a pid file is, if it is a sendmail.
pid_t daemon_in(const std::string& pid_file) {
  const auto text = content_of(pid_file);
  if (!text || !*text) return 0;
  const int pid = std::atoi((*text)->c_str());
  if (pid <= 1) return 0;
  const auto command = content_of("/proc/" + std::to_string(pid) + "/comm");
  return command && *command && (*command)->starts_with("sendmail") ? pid : 0;
}

timespec time_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mtim : timespec{};
}

}  // namespace

Outcome<std::string> make_cf(const std::string& mc) {
  auto made = mailertable::run_program({"m4", mc}, "", mc.substr(0, mc.rfind('/')));
  if (!made) return made.error();
  if (made->status != 0 || !made->errors.empty())
    return Failure{EX_DATAERR, "m4 complains of " + mc + ":" + first_lines(made->errors), false};
  const auto text = mailertable::read_input(mc);
  if (!text) return text.error();
  std::string cf = std::move(made->output) + "### " + mc + " ###\n";
  for (std::size_t at = 0; at < text->size();) {
    const std::size_t end = std::min(text->find('\n', at), text->size() - 1) + 1;
    cf += "# " + text->substr(at, end - at);
    at = end;
  }
  return Outcome<std::string>(boost::system::in_place_value, std::move(cf));
}

Outcome<std::string> make_map(std::string_view text, const CfMap& map, const std::string& scratch_directory) {
  base::Diagnostics findings;
  const mailertable::Table table = mailertable::parse(text, map.path, findings);
  const mailertable::KeyIndex index(table.entries);
  // The first of two lines with one key counts, as for makemap.
  std::vector<mailertable::Entry> entries;
  entries.reserve(table.entries.size());
  for (const mailertable::Entry& entry : table.entries) {
    if (index.find(entry.key) == &entry) entries.push_back(entry);
  }
  const std::string file = scratch_directory + "/map.db";
  ::unlink(file.c_str());
  const auto type = map.type == "btree" ? mailertable::TableType::kBtree : mailertable::TableType::kHash;
  const auto written = mailertable::write_table({file, type}, entries);
  auto bytes = written ? mailertable::read_input(file) : Outcome<std::string>(written.error());
  ::unlink(file.c_str());
  return bytes;
}

Outcome<std::string> ask_sendmail(const std::string& cf, const std::string& questions,
                                  const std::string& scratch_directory) {
  // The answers of DNS are no part of the proof, and a host without DNS would wait for minutes.
  const std::string services = scratch_directory + kServices;
  FileChanges file;
  if (auto done = file.make(services, "hosts files\naliases files\npasswd files\n"); !done)
    return done.error();
  file.settle();
  auto asked =
      mailertable::run_program({"sendmail", "-bt", "-C" + cf, "-OServiceSwitchFile=" + services}, questions);
  if (!asked) return asked.error();
  return Outcome<std::string>(boost::system::in_place_value, asked->output + asked->errors);
}

Outcome<Reloaded> reload_sendmail(std::string_view cf) {
  const std::string configured = option_in(cf, "PidFile");
  const std::string pid_file = configured.empty() ? kUsualPidFile : configured;
  const pid_t old = daemon_in(pid_file);
  if (old == 0) return Reloaded::kNotRunning;
  const timespec before = time_of(pid_file);
  if (::kill(old, SIGHUP) != 0) return system_failure(EX_OSERR, "cannot send SIGHUP to sendmail", errno);
  // It starts its program anew, and writes its process number when it listens again.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (std::chrono::steady_clock::now() < deadline) {
    const timespec now = time_of(pid_file);
    const bool is_written = now.tv_sec != before.tv_sec || now.tv_nsec != before.tv_nsec;
    if (is_written && daemon_in(pid_file) != 0) return Reloaded::kYes;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return Failure{EX_TEMPFAIL, "sendmail got SIGHUP, but did not come back: see its log, and start it again",
                 false};
}

std::optional<std::string> missing_part() {
  if (::access(kFragment, R_OK) != 0)
    return std::string(kFragment) + " is not there: install the m4 fragments of tsmtp";
  for (const char* program : {"/usr/bin/m4", "/usr/sbin/sendmail"}) {
    if (::access(program, X_OK) != 0)
      return std::string(program) + " is not there: install the packages sendmail-bin, sendmail-cf and m4";
  }
  return std::nullopt;
}

}  // namespace tsmtp::sendmail
