package dev.rungroup.test;

import org.springframework.context.annotation.DeferredImportSelector;
import org.springframework.core.Ordered;
import org.springframework.core.type.AnnotationMetadata;

/**
 * Brings the actors into a slice, which does without most auto-configurations. In a whole
 * application the auto-configurations come before, and this changes nothing.
 */
final class ActorsImportSelector implements DeferredImportSelector, Ordered {

	@Override
	public String[] selectImports(AnnotationMetadata importingClassMetadata) {
		return new String[] { "dev.rungroup.autoconfigure.RunAutoConfiguration",
				"dev.rungroup.autoconfigure.RunClusterAutoConfiguration" };
	}

	@Override
	public int getOrder() {
		return Ordered.LOWEST_PRECEDENCE;
	}

}
