"""What the models are to reach on the open tables, and whether they do."""

import statistics

from report import verdict


def better_rank(results, cells, name, others):
    """(what was reached, whether it was): the mean rank among these alone, over all tables."""
    contestants = [one for one in results.started if one.name in (name, *others)]
    tables, ranks = results.ranks(cells, contestants)
    if len(contestants) < 1 + len(others) or len(tables) < len(results.tables):
        return "not run on every table", None
    means = {who: statistics.fmean(own) for who, own in ranks.items()}
    text = ", ".join(f"{who} {mean:.2f}" for who, mean in means.items())
    return f"{text} (of {len(tables)} tables)", all(means[name] < means[other] for other in others)


def score_in_time(results, table, metric, value, seconds):
    cell = results.all.get(("strata", table))
    if cell is None:
        return "not run", None
    reached = cell.figures[metric]
    good = reached <= value if metric == "rmse" else reached >= value
    return f"{reached:.4f} in {cell.seconds[0]:.0f} s", good and cell.seconds[0] <= seconds


def times_as_fast(results, mine, cells, trainings, least):
    """How many times as long as ours so many trainings of RealMLP-TD on adult take. All see each row 256 times, the bag eight times
    that: four networks in each fold, of 64 epochs."""
    ours, theirs = cells.get((mine, "adult")), results.all.get(("realmlp", "adult"))
    if ours is None or theirs is None:
        return "not run", None
    ratio = trainings * theirs.seconds[0] / ours.seconds[0]
    return f"{ratio:.1f} times: {ours.seconds[0]:.0f} s, and {theirs.seconds[0]:.0f} s for one", ratio >= least


def rows(results):
    """[what, at least, reached, verdict] of each aim."""
    for what, aim, (reached, passed) in (
            ("default", "mean rank before RealMLP-TD as it comes, scikit-learn's MLP, XGBoost and LightGBM",
             better_rank(results, results.all, "strata", ["realmlp", "sklearn-mlp", "xgboost", "lightgbm"])),
            ("default, california", "RMSE 0.460 in 60 s", score_in_time(results, "california", "rmse", 0.460, 60)),
            ("default, adult", "AUC 0.916 in 150 s", score_in_time(results, "adult", "auc", 0.916, 150)),
            ("bag, first parts", "mean rank before the default and CatBoost's bag",
             better_rank(results, results.first, "strata-bag", ["strata", "catboost-bag"])),
            ("RealMLP, adult", "trained 5 times as fast as RealMLP-TD", times_as_fast(results, "strata-realmlp", results.all, 1, 5)),
            ("bag, adult", "trained before 2.5 of RealMLP-TD", times_as_fast(results, "strata-bag", results.first, 2.5, 1))):
        yield [what, aim, reached, verdict(passed)]
