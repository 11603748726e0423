"""The checks that scikit-learn has for estimators, with the few that are known to fail, and why."""

import pytest

pytest.importorskip("sklearn")
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from stratanet import StrataClassifier, StrataRegressor  # noqa: E402

EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data":
        "a row of weight 2 counts as two rows do, but dropout and the order of the batches are drawn for each row that is there",
}


@parametrize_with_checks([StrataClassifier(), StrataRegressor(), StrataClassifier(max_iter=30), StrataRegressor(max_iter=30)],
                         expected_failed_checks=lambda _: EXPECTED)
def test_estimators(estimator, check):
    check(estimator)
