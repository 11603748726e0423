// A bag: for each fold the networks that a training on the other folds leaves, stopped on this one; and what they say,
// together, of rows that they were not trained on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/only_errors.hpp"
#include "model/model_data.hpp"
#include "strata/trainer.hpp"
#include "train/checkpoint.hpp"
#include "train/folds.hpp"
#include "train/held_out.hpp"
#include "train/prepare.hpp"
#include "train/training.hpp"
#include "train/unseen.hpp"

namespace strata::internal {

template <class T>
class Bag {
 public:
  /// `problem`: of all rows, none of which is held back. `record`: all of it that is known before the first step.
  /// `streamed`: examples are made when they are needed. Borrows the table, the problem and the callbacks.
  Bag(const Table& table, const Problem& problem, TrainingRecord record, bool streamed, const Callbacks& callbacks,
      Beginning beginning);

  [[nodiscard]] Fit run();

 private:
  /// Why no further fold is trained.
  struct End {
    Ending ending = Ending::done;
    std::string explanation;
  };
  /// The training of a fold with what the next ones are planned by.
  struct Trained {
    Fit fit;
    Unseen unseen;
    Divergence divergence;
    double figures = 0;  // seconds that those of the end took
    double seconds = 0;  // in all
  };
  void say_folds() const;
  void require_monitored() const;
  [[nodiscard]] std::string name_of(std::size_t fold) const;
  /// Which of all networks is the first of a fold.
  [[nodiscard]] std::size_t first_of(std::size_t fold) const noexcept {
    return fold * static_cast<std::size_t>(problem_.options.members);
  }
  static Examples<T>& kept(Examples<T>& examples, bool streamed);
  [[nodiscard]] Rows rows_of(std::vector<std::size_t> places) const;
  [[nodiscard]] Examples<T> held_in(std::size_t fold) const;
  /// What a checkpoint has of it. Gives the fold that comes next.
  [[nodiscard]] std::size_t take_done(const Checkpoint::Data& from);
  [[nodiscard]] Callbacks callbacks_of(std::size_t fold);
  [[nodiscard]] Trained train(std::size_t fold);
  /// Trains a fold and takes what it leaves. Nothing: the next one's turn.
  [[nodiscard]] std::optional<End> pass(std::size_t fold);
  [[nodiscard]] std::optional<End> take(const Trained& trained, std::size_t fold);
  /// How long the folds that are left may be, by the time that is left.
  void fit_into_time(const Trained& trained);
  void set_epochs(std::int64_t epochs);
  /// What the networks of a fold, which are the last, predict of its rows.
  void measure(std::size_t fold);
  [[nodiscard]] std::vector<NetworkRecord> records_of(const Model::Data& trained, std::size_t fold) const;
  /// A model of networks, still without figures; of those that are there, and of those that are trained now.
  [[nodiscard]] std::unique_ptr<Model::Data> model_of(Networks<T> networks, std::vector<NetworkRecord> told) const;
  [[nodiscard]] std::unique_ptr<Model::Data> model_with(const Model::Data& running, std::size_t fold) const;
  void add_figures(Model::Data& model);
  template <class Act>
  bool unless_memory_lacks(std::string_view purpose, const Act& act);
  [[nodiscard]] double seconds() const;

  const Table& table_;
  const Problem& problem_;
  TrainingRecord record_;
  Caller caller_;
  const Callbacks callbacks_;
  Beginning beginning_;
  FoldsOf parted_;
  Examples<T> examples_;  // all of them
  Weights held_weights_;  // of rows that are measured: without those of classes
  HeldOut<T> held_out_;
  std::set<std::string, std::less<>> said_;
  std::optional<Checkpoint::Data> running_;  // that the first training goes on from
  std::optional<std::int64_t> epochs_;       // that a limit of time was found to allow
  double reserve_ = 0;                       // seconds that the figures of the end take, where time is limited
  bool stopped_ = false;
  std::int64_t updates_of_each_ = 0;  // for those who watch
  Networks<T> networks_;              // of the folds that are done, in their order
  std::vector<NetworkRecord> told_;   // one each
  std::vector<PartReport> reports_;
  FoldsDone done_;
};

extern template class Bag<float>;
extern template class Bag<double>;

}  // namespace strata::internal
