#include "relayd/diagnosis/host/sendmail_gathering.h"

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "mailertable/programs/run_program.h"
#include "relayd/diagnosis/host/processes.h"
#include "relayd/diagnosis/hub/cf_reading.h"
#include "relayd/diagnosis/hub/places.h"
#include "relayd/diagnosis/sendmail_choice.h"
#include "sendmail/host/agreement.h"
#include "sendmail/host/sendmail_control.h"

namespace tsmtp::diagnosis {
namespace {

// timeout(1) ends with this status when the time is over.
constexpr int kStatusOfTimeout = 124;

/// A directory for a moment.
class Scratch {
 public:
  Scratch() {
    std::string name = "/tmp/relayctl-doctor-XXXXXX";
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class SendmailGathering {
 public:
  SendmailGathering(const Root& root, HubFacts& facts) : root_(root), facts_(facts) {}

  void run() {
    keep_text("/etc/hosts");
    keep_text(facts_.cf_file);
    if (!facts_.texts.contains(facts_.cf_file)) {
      facts_.not_looked_at.push_back("sendmail: there is no " + facts_.cf_file + " that can be read");
      return;
    }
    cf_ = read_cf(facts_.texts[facts_.cf_file]);
    keep_files();
    find_process();
    if (!root_.is_this_host()) return;
    compare_cf();
    if (facts_.for_sendmail.sites.empty()) return;
    if (!facts_.as_root) {
      facts_.not_looked_at.emplace_back("sendmail's rules and queue: only root may ask for them");
      return;
    }
    ask_routes();
    list_queue();
  }

 private:
  void keep_text(const std::string& path) {
    facts_.files[path] = root_.look(path);
    if (auto text = root_.read(path))
      facts_.texts[path] = *std::move(text);
    else if (facts_.files[path].kind == FileFact::Kind::kFile)
      facts_.not_looked_at.push_back(path + ": it cannot be read, or is too large");
  }

  [[nodiscard]] std::string mc() const { return facts_.cf_file.substr(0, facts_.cf_file.rfind('.')) + ".mc"; }

  void keep_files() {
    for (const std::string& path : files_of(cf_))
      keep_text(path);
    const std::string folder = facts_.cf_file.substr(0, facts_.cf_file.rfind('/'));
    for (const std::string& path : {mc(), folder, std::string("/etc"), cf_.queues.front()})
      facts_.files[path] = root_.look(path);
  }

  void find_process() {
    std::vector<std::string> places{"/run/sendmail/mta/sendmail.pid", "/var/run/sendmail.pid"};
    if (!cf_.pid_file.empty()) places.insert(places.begin(), cf_.pid_file);
    for (const std::string& path : places) {
      const auto text = root_.read(path);
      if (!text) continue;
      const int pid = std::atoi(text->c_str());
      const std::string command = root_.read("/proc/" + std::to_string(pid) + "/comm").value_or("");
      if (pid <= 1 || !command.starts_with("sendmail")) continue;
      facts_.sendmail = process_at(root_, pid, facts_.now);
      // It is written when sendmail has read everything, after a SIGHUP too.
      facts_.sendmail_read = root_.look(path).changed;
      return;
    }
  }

  void compare_cf() {
    if (!root_.is_there(mc()) || ::access("/usr/bin/m4", X_OK) != 0) return;
    const auto made = sendmail::make_cf(mc());
    if (!made)
      facts_.cf_edit = base::Error{made.error().message};
    else
      facts_.cf_edit = base::Result<std::string>(boost::system::in_place_value,
                                                 sendmail::first_edit(facts_.texts[facts_.cf_file], *made));
  }

  void ask_routes() {
    const Scratch scratch;
    if (scratch.path().empty()) return;
    // What the DNS says is no part of it, and a host without DNS would wait for minutes.
    const std::string services = scratch.path() + "/services";
    std::ofstream(services) << "hosts files\naliases files\npasswd files\n";
    std::string questions;
    for (const Proof& proof : proofs_for(facts_.for_sendmail))
      questions += question_of(proof.address);
    const auto ran = mailertable::run_program(
        {"timeout", "10", "sendmail", "-bt", "-C" + facts_.cf_file, "-OServiceSwitchFile=" + services},
        questions);
    if (!ran)
      facts_.routes = base::Error{ran.error().message};
    else if (ran->status == kStatusOfTimeout)
      facts_.not_looked_at.emplace_back("sendmail's rules: sendmail -bt has not answered for 10 s");
    else
      facts_.routes = base::Result<std::string>(boost::system::in_place_value, ran->output + ran->errors);
  }

  void list_queue() {
    const auto ran = mailertable::run_program({"timeout", "3", "mailq"}, "");
    if (ran && ran->status != kStatusOfTimeout)
      facts_.queue = ran->output;
    else
      facts_.not_looked_at.emplace_back("sendmail's queue: mailq does not end in time");
  }

  const Root& root_;
  HubFacts& facts_;
  CfReading cf_;
};

}  // namespace

void gather_sendmail(const Root& root, HubFacts& facts) {
  SendmailGathering(root, facts).run();
}

}  // namespace tsmtp::diagnosis
